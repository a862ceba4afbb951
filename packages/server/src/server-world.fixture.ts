/** For tests: a platform, a store, and any number of replicas over them, with one manual clock. */
import { eventLog } from "@lingpai/event-log";
import type { LogReport } from "@lingpai/event-log";
import {
  during,
  faultPlan,
  faultyCache,
  faultyLock,
  manualClock,
  seededRandom,
  simulatedStore,
} from "@lingpai/core/testing";
import type { FaultPlan, ManualClock, SimulatedStore } from "@lingpai/core/testing";
import { wechat } from "@lingpai/wechat";
import type { Wechat } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator } from "@lingpai/wechat-simulator";
import { serverKeys } from "./keys/server-keys.ts";
import type { NewKey, ServerKeys } from "./keys/server-keys.ts";
import { tokenServer } from "./token-server.ts";
import type { TokenServer, TokenServerOptions } from "./token-server.ts";

export const appId = "wx0123456789abcdef";
export const otherId = "wxfedcba9876543210";
export const appSecret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
export const ref: string = `wechat:stable:${appId}`;
export const otherRef: string = `wechat:stable:${otherId}`;

export interface Replica {
  readonly server: TokenServer;
  readonly client: Wechat;
  readonly keys: ServerKeys;
  readonly plan: FaultPlan;
  readonly reports: LogReport[];
  readonly errors: unknown[];
  /** Sends a request, while time passes as fast as it is needed. */
  ask(path: string, options?: AskOptions): Promise<Response>;
  close(): Promise<void>;
}

export interface AskOptions {
  readonly key?: string | undefined;
  readonly method?: string;
  readonly json?: unknown;
  readonly body?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

type BodyInit = ConstructorParameters<typeof Response>[0];

export interface ServerWorld {
  readonly clock: ManualClock;
  readonly simulator: Simulator;
  readonly store: SimulatedStore;
  replica(name?: string, options?: Partial<TokenServerOptions>): Replica;
  /** Returns the work's result, while time passes. */
  during<T>(work: Promise<T>, stepMs?: number): Promise<T>;
  key(given?: Partial<NewKey>): Promise<string>;
  close(): Promise<void>;
}

export function requestOf(path: string, options: AskOptions = {}): Request {
  const { key, json, body, headers = {}, method, signal } = options;
  const isPost = json !== undefined || body !== undefined;
  return new Request(`http://server.test${path}`, {
    method: method ?? (isPost ? "POST" : "GET"),
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(isPost && { "content-type": "application/json" }),
      ...headers,
    },
    ...(json !== undefined && { body: JSON.stringify(json) }),
    ...(body !== undefined && { body, duplex: "half" }),
    ...(signal !== undefined && { signal }),
  } as ConstructorParameters<typeof Request>[1]);
}

interface Around extends Pick<ServerWorld, "clock" | "simulator" | "store" | "during"> {
  readonly seed: number | string;
}

function replicaOf(around: Around, name: string, options: Partial<TokenServerOptions>): Replica {
  const { clock, seed, simulator, store } = around;
  const plan = faultPlan({ clock });
  const cache = faultyCache(store.cache(), plan);
  const shared = {
    secret: appSecret,
    environment: "production",
    node: name,
    cache,
    lock: faultyLock(store.lock(), plan),
    fetch: simulator.fetch,
    clock,
    random: seededRandom(`${seed}/${name}`),
  };
  const client = wechat({ ...shared, appId });
  const other = wechat({ ...shared, appId: otherId });
  const keys = serverKeys({ cache, clock });
  const reports: LogReport[] = [];
  const errors: unknown[] = [];
  const log = eventLog({
    cache,
    clock,
    random: seededRandom(`${seed}/${name}/log`),
    onReport: (report) => void reports.push(report),
  });
  const server = tokenServer({
    credentials: [
      {
        credential: client.credential,
        revoke: client.revoke,
        wechat: { appId, ticket: client.ticket },
      },
      { credential: other.credential },
    ],
    keys,
    log,
    dashboard: { cache },
    clock,
    onError: (error) => void errors.push(error),
    ...options,
  });
  return {
    server,
    client,
    keys,
    plan,
    reports,
    errors,
    ask: (path, asked) => around.during(server.handle(requestOf(path, asked))),
    async close() {
      await server.close();
      await Promise.all([client.close(), other.close(), log.close()]);
    },
  };
}

export function serverWorld(seed: number | string = 1): ServerWorld {
  const clock = manualClock();
  const simulator = createSimulator({
    accounts: [
      { appId, secret: appSecret },
      { appId: otherId, secret: appSecret },
    ],
    clock,
  });
  const store = simulatedStore({ clock, random: seededRandom(`${seed}/store`) });
  const replicas: Replica[] = [];

  const pass: ServerWorld["during"] = (work, stepMs) => during(clock, work, stepMs);

  return {
    clock,
    simulator,
    store,
    during: pass,
    replica(name = `node${replicas.length}`, options = {}) {
      const replica = replicaOf({ clock, during: pass, seed, simulator, store }, name, options);
      replicas.push(replica);
      return replica;
    },
    async key(given = {}) {
      const keys = serverKeys({ cache: store.cache(), clock });
      const whole = { name: "test", rights: ["read", "reject"] as const, refs: [ref], ...given };
      return (await keys.create(whole)).key;
    },
    async close() {
      await pass(Promise.all(replicas.map((replica) => replica.close())));
    },
  };
}
