/**
 * For tests of the page: a platform, a store, replicas of the token server and the dashboard on a
 * real port, with a clock whose speed the test sets.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { systemClock } from "@lingpai/core";
import type { Cache, Clock, Lock } from "@lingpai/core";
import {
  during,
  faultPlan,
  faultyCache,
  faultyLock,
  manualClock,
  seededRandom,
  simulatedStore,
} from "@lingpai/core/testing";
import type { FaultPlan, ManualClock } from "@lingpai/core/testing";
import { eventLog } from "@lingpai/event-log";
import { serverKeys, tokenServer } from "@lingpai/server";
import type { Demo, ServerKeys } from "@lingpai/server";
import { wechat } from "@lingpai/wechat";
import type { Wechat } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import type { Simulator } from "@lingpai/wechat-simulator";
import { dashboardAssets } from "./dashboard-assets.ts";

export interface WorldOptions {
  /** The number of accounts. @defaultValue 1 */
  readonly accounts?: number;
  /** True if the first account is simulated, for demonstrations. */
  readonly demo?: boolean;
  /** How long the platform accepts a replaced token, in ms. @defaultValue 0 */
  readonly overlapMs?: number;
}

export interface World {
  readonly url: string;
  /** A key with all rights. */
  readonly key: string;
  readonly keys: ServerKeys;
  readonly clock: ManualClock;
  readonly simulator: Simulator;
  /** The faults between the replica that serves the page and the store. */
  readonly plan: FaultPlan;
  readonly appIds: readonly string[];
  /** The AppSecret of all accounts. */
  readonly secret: string;
  /** The clients of the replica that serves the page. */
  readonly clients: readonly Wechat[];
  refOf(account: number): string;
  /** Lets time pass at once. */
  pass(ms: number): Promise<void>;
  /** Returns the work's result, while time passes. */
  while<T>(work: Promise<T>): Promise<T>;
  /** Makes a business call for each account, on each replica. */
  callAll(accounts?: readonly number[]): Promise<void>;
  /** A system outside the fleet fetches a token, which kills the fleet's token. */
  steal(account: number): Promise<void>;
  /** A caller of the first replica is refused, and reports it. */
  complain(account: number): Promise<void>;
  /** Sets the platform's answer for these accounts. */
  refuse(errcodes: Readonly<Record<number, number>>): void;
  /** Stops the port, or starts it again. */
  hide(isHidden: boolean): void;
  close(): Promise<void>;
}

export const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
const stepMs = 50;

export function appIdOf(account: number): string {
  return `wx${(0x9a3f01c2d4e00 + account * 7_919).toString(16).padStart(16, "0").slice(-16)}`;
}

/** What all replicas have in common. */
export interface Around {
  readonly clock: Clock;
  readonly simulator: Simulator;
  readonly store: { cache(): Cache; lock(): Lock };
  readonly appIds: readonly string[];
  readonly overlapMs: number;
}

export function replicaOf(
  { appIds, clock, overlapMs, simulator, store }: Around,
  node: string,
  demo?: Demo,
) {
  const plan = faultPlan({ clock });
  const cache = faultyCache(store.cache(), plan);
  const lock = faultyLock(store.lock(), plan);
  const clients = appIds.map((appId) =>
    wechat({
      appId,
      secret,
      environment: "production",
      node,
      cache,
      lock,
      mode: "plain",
      overlapMs,
      fetch: simulator.fetchAs({ caller: appId }),
      clock,
      random: seededRandom(`${node}/${appId}`),
    }),
  );
  const keys = serverKeys({ cache, clock });
  const log = eventLog({ cache, clock, random: seededRandom(`${node}/log`) });
  const server = tokenServer({
    credentials: clients.map((client) => ({
      credential: client.credential,
      revoke: client.revoke,
    })),
    keys,
    log,
    clock,
    dashboard: { cache, assets: dashboardAssets(), ...(demo !== undefined && { demo }) },
  });
  const close = async (): Promise<void> => {
    await server.close();
    await Promise.all([...clients.map((client) => client.close()), log.close()]);
  };
  return { clients, close, keys, plan, server };
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { accounts = 1, demo = false, overlapMs = 0 } = options;
  // In the reader's time, so that the page's clock and the server's agree.
  const clock = manualClock({ wallMs: systemClock.wallMs() - 25 * 3_600_000 });
  const appIds = Array.from({ length: accounts }, (_, at) => appIdOf(at));
  const simulator = createSimulator({
    accounts: appIds.map((appId) => ({ appId, secret })),
    overlapMs,
    clock,
  });
  const store = simulatedStore({ clock, random: seededRandom("store") });
  const around = { clock, simulator, store, appIds, overlapMs };
  const pass = (ms: number): Promise<void> => clock.advance(ms);
  const work = <T>(given: Promise<T>): Promise<T> => during(clock, given, stepMs);
  const refOf = (account: number): string => first.clients[account]!.credential.id;
  const steal = async (account: number): Promise<void> => {
    const query = `grant_type=client_credential&appid=${appIds[account]}&secret=${secret}`;
    await work(simulator.fetch(`https://api.weixin.qq.com/cgi-bin/token?${query}`));
  };
  const call = async (client: Wechat): Promise<void> => {
    await work(client.request("/cgi-bin/getcallbackip").catch(() => undefined));
  };
  const playing: Demo = {
    ref: `wechat:plain:${appIds[0]}`,
    async steal() {
      await steal(0);
      await call(first.clients[0]!);
    },
  };
  const first = replicaOf(around, "server-a", demo ? playing : undefined);
  const others = [replicaOf(around, "server-b")];
  const { key } = await first.keys.create({
    name: "operations",
    rights: ["read", "reject", "refresh", "revoke", "admin"],
    refs: ["*"],
    perSecond: 10_000,
  });
  const port = await listen(first.server.handle);
  const stopPump = pump(clock);
  return {
    url: port.url,
    key,
    keys: first.keys,
    clock,
    simulator,
    plan: first.plan,
    appIds,
    secret,
    clients: first.clients,
    refOf,
    pass,
    while: work,
    async callAll(chosen = appIds.map((_, at) => at)) {
      for (const { clients } of [first, ...others])
        await work(
          Promise.all(chosen.map((at) => clients[at]!.credential.get().catch(() => undefined))),
        );
    },
    steal,
    complain: (account) => call(first.clients[account]!),
    refuse: (errcodes) => refuse(around, errcodes),
    hide: port.hide,
    async close() {
      stopPump();
      port.close();
      await work(Promise.all([first, ...others].map((replica) => replica.close())));
    },
  };
}

function refuse({ appIds, simulator }: Around, errcodes: Readonly<Record<number, number>>): void {
  const byCaller = new Map(
    Object.entries(errcodes).map(([account, code]) => [appIds[Number(account)], code]),
  );
  simulator.faults.always(({ caller }) => {
    const errcode = byCaller.get(caller);
    return errcode === undefined ? undefined : { errcode };
  });
}

/** Lets the manual clock run as fast as the real one. */
function pump(clock: ManualClock): () => void {
  let isStopped = false;
  const turn = (): void => {
    if (isStopped) return;
    void clock.advance(stepMs).then(() => systemClock.setTimer(stepMs, turn));
  };
  turn();
  return () => {
    isStopped = true;
  };
}

export async function listen(handle: (request: Request) => Promise<Response>) {
  let isHidden = false;
  const listener = getRequestListener(handle);
  const server = createServer((request, response) => {
    if (isHidden) request.socket.destroy();
    else void listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hide(next: boolean) {
      isHidden = next;
      if (next) server.closeAllConnections();
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
