/** One of the processes that hold the same many credentials. */
import { Redis } from "ioredis";
import { obey } from "../fleet.ts";
import { costsOf } from "./costs.ts";
import type { ManyOrders } from "./protocol.ts";
import { onRedis } from "./stores.ts";

const orders: ManyOrders = {
  async measure({ url, ...measured }) {
    const client = new Redis(url);
    try {
      return await costsOf(onRedis(client), measured);
    } finally {
      client.disconnect();
    }
  },
};

obey(orders);
