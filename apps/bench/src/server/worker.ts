/** One measured process: a token server over Redis, or a bare Fastify route. */
import { objectSource } from "@lingpai/config";
import { until } from "@lingpai/test-servers";
import { serve } from "@lingpai/token-server";
import Fastify from "fastify";
import type { Started, WorkerOrder } from "./protocol.ts";

process.once("message", (order: WorkerOrder) => {
  void start(order).then((started) => process.send?.(started));
});
// A bench that was interrupted leaves no worker behind.
process.once("disconnect", () => process.exit());

async function start(order: WorkerOrder): Promise<Started> {
  if (order.kind === "bare") {
    const app = Fastify();
    app.get("/constant", async () => order.constant);
    return { url: await app.listen({ host: "127.0.0.1", port: 0 }), key: "" };
  }
  const { app, redis, seal } = order;
  const settings = { apps: { main: app }, store: { url: redis }, server: { port: 0 } };
  // On a busy machine the store's first answers may be late.
  const server = await until("it serves", () =>
    serve({
      environment: "bench",
      sources: [objectSource(settings)],
      seal,
      allow: ["no-key"],
      dashboard: false,
      logger: { info() {}, warn() {}, error() {} },
      print: () => {},
    }),
  );
  const { key } = await until("there is a key", () =>
    server.keys.create({
      name: "bench",
      rights: ["read", "refresh"],
      refs: ["*"],
      perSecond: 1_000_000,
    }),
  );
  return { url: server.url, key };
}
