/**
 * For tests: a token server of several replicas in this process, reached through a network with
 * faults.
 */
import { memoryStore } from "@lingpai/adapter-memory";
import { eventLog } from "@lingpai/event-log";
import type { EventLog } from "@lingpai/event-log";
import { systemRandom } from "@lingpai/core";
import { during, faultPlan, faultyCache, manualClock, seededRandom } from "@lingpai/core/testing";
import type { FaultPlan, ManualClock } from "@lingpai/core/testing";
import { serverKeys, tokenServer } from "@lingpai/server";
import type { ServerKeys, TokenServer } from "@lingpai/server";
import { wechat } from "@lingpai/wechat";
import type { Wechat } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator } from "@lingpai/wechat-simulator";

export const appId = "wx0123456789abcdef";
export const ref: string = `wechat:stable:${appId}`;
const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";

export type NetworkFault = "down" | "hangs" | ((request: Request) => Promise<Response>) | undefined;

export interface Host {
  readonly url: string;
  readonly server: TokenServer;
  readonly owner: Wechat;
  readonly log: EventLog;
  readonly plan: FaultPlan;
  fault: NetworkFault;
  /** When each request arrived, on the monotonic clock. */
  readonly arrivals: {
    readonly atMs: number;
    readonly path: string;
    readonly hasSecret: boolean;
  }[];
}

export interface ClientWorld {
  readonly clock: ManualClock;
  readonly simulator: Simulator;
  readonly hosts: readonly Host[];
  readonly urls: readonly [string, ...string[]];
  readonly keys: ServerKeys;
  readonly fetch: typeof globalThis.fetch;
  key(): Promise<{ readonly id: string; readonly key: string }>;
  during<T>(work: Promise<T>, stepMs?: number): Promise<T>;
  close(): Promise<void>;
}

export function clientWorld(count = 2): ClientWorld {
  const clock = manualClock();
  const simulator = createSimulator({
    accounts: [{ appId, secret }],
    clock,
    nowMs: () => clock.worldMs(),
  });
  const store = memoryStore({ clock });
  const keys = serverKeys({ cache: store.cache, clock });
  const hosts = Array.from({ length: count }, (_, at) => hostOf(at));

  function hostOf(at: number): Host {
    const plan = faultPlan({ clock });
    const cache = faultyCache(store.cache, plan);
    const owner = wechat({
      appId,
      secret,
      environment: "production",
      node: `server${at}`,
      cache,
      lock: store.lock,
      fetch: simulator.fetch,
      clock,
      random: seededRandom(`server${at}`),
    });
    const log = eventLog({ cache, clock, random: systemRandom });
    const server = tokenServer({
      credentials: [owner, { credential: owner.ticket("jsapi") }],
      keys: serverKeys({ cache, clock }),
      log,
      clock,
    });
    return {
      url: `http://tokens${at}.test`,
      server,
      owner,
      log,
      plan,
      fault: undefined,
      arrivals: [],
    };
  }

  const fetch = fetchOver(hosts, clock);
  const pass: ClientWorld["during"] = (work, stepMs) => during(clock, work, stepMs);

  return {
    clock,
    simulator,
    hosts,
    urls: hosts.map(({ url }) => url) as [string, ...string[]],
    keys,
    fetch,
    key: () => keys.create({ name: "client", rights: ["read", "reject"], refs: ["*"] }),
    during: pass,
    async close() {
      const all = hosts.flatMap(({ log, owner, server }) => [
        server.close(),
        owner.close(),
        log.close(),
      ]);
      await pass(Promise.all(all));
    },
  };
}

/**
 * The network. An aborted request ends with an error, and a host may be down, hang, or send an
 * unexpected response.
 */
function fetchOver(hosts: readonly Host[], clock: ManualClock): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input as string, init);
    const host = hosts.find(({ url }) => request.url.startsWith(url));
    if (host === undefined) throw new TypeError("no such host");
    const { pathname } = new URL(request.url);
    const body = request.body === null ? "" : await request.clone().text();
    const present = host.owner.credential.peek()?.reveal() ?? "none";
    host.arrivals.push({
      atMs: clock.monotonicMs(),
      path: pathname,
      hasSecret: body.includes(present) || request.url.includes(present),
    });
    const { fault } = host;
    if (fault === "down") throw new TypeError("connection refused");
    const { promise, reject } = Promise.withResolvers<Response>();
    request.signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
    if (fault === "hangs") return promise;
    const answer = fault === undefined ? host.server.handle(request) : fault(request);
    return Promise.race([answer, promise]);
  };
}
