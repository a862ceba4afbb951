/**
 * The process of one node: a Lingpai client under load, and a raw client of the same driver beside
 * it.
 */
import { delay, systemClock } from "@lingpai/core";
import { nameOf } from "@lingpai/core/driver";
import { wechat, type Wechat } from "@lingpai/wechat";
import { obey } from "../fleet.ts";
import { connectTo, type StoreClient } from "./clients.ts";
import type { FailoverOrders, NodeSpec, Report } from "./protocol.ts";

/** Ten a second. */
const paceMs = 100;

const call = (client: Wechat): Promise<unknown> =>
  client.request("/cgi-bin/user/info", { query: { openid: "o-bench" } });

function member(): FailoverOrders {
  let client: Wechat | undefined;
  let load: Load | undefined;
  let raw: { readonly store: StoreClient; readonly key: string } | undefined;
  const joined = (): Wechat => {
    if (client === undefined) throw new Error("Join comes first.");
    return client;
  };
  return {
    async join(spec) {
      client = await open(spec);
      // In the credential's own slot, so that both clients need the same primary.
      raw = {
        store: await connectTo(spec.driver, spec.store),
        key: nameOf(["raw", spec.node], client.credential.id),
      };
      await call(client);
    },
    async start() {
      if (raw === undefined) throw new Error("Join comes first.");
      load = new Load(joined(), raw.store, raw.key);
    },
    async refresh() {
      joined()
        .credential.refresh()
        .catch(() => {});
    },
    async stop() {
      if (load === undefined) throw new Error("Start comes first.");
      return load.stop();
    },
  };
}

async function open({ driver, store, platformUrl, ...options }: NodeSpec): Promise<Wechat> {
  const { cache, lock } = await connectTo(driver, store);
  return wechat({
    ...options,
    mode: "plain",
    environment: "production",
    cache,
    lock,
    baseUrl: platformUrl,
  });
}

class Load {
  readonly #calls = new Set<Promise<void>>();
  readonly #running: Promise<unknown>;
  #isStopped = false;
  #count = 0;
  #failed = 0;
  #failure: string | undefined;
  #slowestMs = 0;
  #rawOutageMs = 0;

  constructor(client: Wechat, store: StoreClient, key: string) {
    this.#running = Promise.all([this.#makeCalls(client), this.#write(store, key)]);
  }

  async stop(): Promise<Report> {
    this.#isStopped = true;
    await this.#running;
    await Promise.all(this.#calls);
    return {
      calls: this.#count,
      failed: this.#failed,
      failure: this.#failure,
      slowestMs: this.#slowestMs,
      rawOutageMs: this.#rawOutageMs,
    };
  }

  async #makeCalls(client: Wechat): Promise<void> {
    const startMs = systemClock.monotonicMs();
    while (!this.#isStopped) {
      this.#count += 1;
      const done = this.#time(client).finally(() => this.#calls.delete(done));
      this.#calls.add(done);
      await delay(
        systemClock,
        Math.max(1, startMs + this.#count * paceMs - systemClock.monotonicMs()),
      );
    }
  }

  async #time(client: Wechat): Promise<void> {
    const startMs = systemClock.monotonicMs();
    try {
      await call(client);
    } catch (error) {
      this.#failed += 1;
      this.#failure ??= `${String(error)}${error instanceof Error && error.cause !== undefined ? `, because of ${String(error.cause)}` : ""}`;
    }
    this.#slowestMs = Math.max(this.#slowestMs, systemClock.monotonicMs() - startMs);
  }

  /**
   * Writes do not wait for each other, as writes of different callers do not: one that hangs does
   * not delay the next.
   */
  async #write(store: StoreClient, key: string): Promise<void> {
    let lastMs = systemClock.monotonicMs();
    for (let turn = 0; !this.#isStopped; turn += 1) {
      store.set(key, String(turn)).then(
        () => {
          const nowMs = systemClock.monotonicMs();
          this.#rawOutageMs = Math.max(this.#rawOutageMs, nowMs - lastMs);
          lastMs = nowMs;
        },
        () => {},
      );
      await delay(systemClock, paceMs);
    }
  }
}

obey(member());
