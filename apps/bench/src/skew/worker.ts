/** One node of a fleet of two versions: ten calls a second from its start to its end. */
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import { delay, systemClock } from "@lingpai/core";
import { wechat, type Wechat } from "@lingpai/wechat";
import { Redis } from "ioredis";
import { obey } from "../fleet.ts";
import type { SkewOrders, SkewReport, SkewSpec } from "./protocol.ts";

const paceMs = 100;
const misreadTypes: readonly string[] = ["poisoned", "unreadable"];

class Node {
  readonly #client: Wechat;
  readonly #redis: Redis;
  readonly #calls = new Set<Promise<void>>();
  readonly #misread: string[] = [];
  readonly #running: Promise<void>;
  #isStopped = false;
  #count = 0;
  #failed = 0;
  #failure: string | undefined;

  constructor({ appId, secret, node, platformUrl, redisUrl }: SkewSpec) {
    this.#redis = new Redis(redisUrl);
    this.#client = wechat({
      appId,
      secret,
      node,
      mode: "plain",
      environment: "production",
      baseUrl: platformUrl,
      overlapMs: 0,
      cache: ioredisCache(this.#redis),
      lock: ioredisLock(this.#redis),
    });
    this.#client.credential.watch((event) => {
      if (misreadTypes.includes(event.type)) this.#misread.push(JSON.stringify(event));
    });
    this.#running = this.#run();
  }

  report(): SkewReport {
    return {
      calls: this.#count,
      failed: this.#failed,
      failure: this.#failure,
      misread: this.#misread,
    };
  }

  async leave(): Promise<SkewReport> {
    this.#isStopped = true;
    await this.#running;
    await Promise.all(this.#calls);
    await this.#client.close();
    await this.#redis.quit();
    return this.report();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      this.#count += 1;
      const done = this.#call().finally(() => this.#calls.delete(done));
      this.#calls.add(done);
      await delay(systemClock, paceMs);
    }
  }

  async #call(): Promise<void> {
    try {
      await this.#client.request("/cgi-bin/user/info", { query: { openid: "o-skew" } });
    } catch (error) {
      this.#failed += 1;
      this.#failure ??= String(error);
    }
  }
}

function member(): SkewOrders {
  let node: Node | undefined;
  const joined = (): Node => {
    if (node === undefined) throw new Error("Join comes first.");
    return node;
  };
  return {
    async join(spec) {
      node = new Node(spec);
    },
    leave: () => joined().leave(),
    report: async () => joined().report(),
  };
}

obey(member());
