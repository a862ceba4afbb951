/**
 * Contention for one AppID in virtual time: fleets make calls while an attacker kills or replaces
 * their token. The figures come from the platform's log.
 */
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import type { CredentialEvent } from "@lingpai/core";
import { manualClock, seededRandom, type ManualClock } from "@lingpai/core/testing";
import { wechat, type WechatOptions } from "@lingpai/wechat";
import { createSimulator, type Simulator } from "@lingpai/wechat-simulator";

const appId = "wx0123456789abcdef";
const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
const baseUrl = "https://api.weixin.qq.com";
const latencyMs = 50;
/** Longer than any call waits. */
const drainMs = 30_000;

export type Mode = "plain" | "stable";

/**
 * The attacker's action on the token. `kill`: the platform revokes every token. `replace`: another
 * system fetches one.
 */
export type Attack = "kill" | "replace";

export interface Contention {
  readonly mode: Mode;
  readonly overlapMs: number;
  readonly attack?: Attack;
  readonly everyMs: number;
  readonly forMs: number;
  /** How often each node makes a call. */
  readonly callEveryMs: number;
}

export interface Outcome {
  readonly calls: number;
  readonly failed: number;
  /** The token requests that the fleet sent. */
  readonly fetches: number;
  /** The tokens of the fleet that died before their expiry. */
  readonly deaths: number;
  readonly longestOutageMs: number;
  /** The last `contended` event, if there was one. */
  readonly contended: CredentialEvent<"contended"> | undefined;
}

/** Records the tokens that a fleet was issued, from its own requests. */
class TokenLog {
  fetches = 0;
  readonly tokens: Set<string> = new Set();

  watching(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
    return async (input, init) => {
      const response = await fetch(input, init);
      if (!/\/cgi-bin\/(stable_)?token/.test(String(input))) return response;
      this.fetches += 1;
      const { access_token: token } = (await response.clone().json()) as {
        readonly access_token?: string;
      };
      if (token !== undefined) this.tokens.add(token);
      return response;
    };
  }
}

interface Node {
  call(): Promise<unknown>;
  close(): Promise<void>;
}

export interface Fleet {
  readonly tokenLog: TokenLog;
  readonly nodes: readonly Node[];
  readonly events: readonly CredentialEvent[];
}

export interface Contended {
  readonly clock: ManualClock;
  readonly simulator: Simulator;
  readonly contention: Contention;
}

export function openContention(contention: Contention): Contended {
  const clock = manualClock();
  const accounts = [{ appId, secret }];
  return {
    clock,
    simulator: createSimulator({
      clock,
      random: seededRandom(7),
      accounts,
      latencyMs,
      overlapMs: contention.overlapMs,
    }),
    contention,
  };
}

/** Lingpai nodes with a store of their own. */
export function ours(
  { clock, simulator, contention }: Contended,
  label: string,
  count: number,
  more: Partial<WechatOptions> = {},
): Fleet {
  const store = memoryStore({ clock });
  const events: CredentialEvent[] = [];
  const tokenLog = new TokenLog();
  const fetch = tokenLog.watching(simulator.fetchAs({ caller: label }));
  const nodes = Array.from({ length: count }, (_, index): Node => {
    const name = `${label}-${index + 1}`;
    const client = wechat({
      appId,
      secret,
      mode: contention.mode,
      overlapMs: contention.overlapMs,
      environment: label,
      node: name,
      clock,
      random: seededRandom(name),
      fetch,
      cache: memoryCache(store, { clock }),
      lock: memoryLock(store, { clock }),
      ...more,
    });
    client.credential.watch((event) => events.push(event));
    return {
      call: () => client.request("/cgi-bin/user/info", { query: { openid: "o" } }),
      close: () => client.close(),
    };
  });
  return { tokenLog, nodes, events };
}

/**
 * A simple implementation: a token in memory, and another fetch when it is refused. It has no
 * store, no lock and no quota ledger.
 */
export function naive({ simulator, contention }: Contended, label: string, count: number): Fleet {
  const tokenLog = new TokenLog();
  const fetch = tokenLog.watching(simulator.fetchAs({ caller: label }));
  const read = async (path: string, init?: RequestInit): Promise<Record<string, unknown>> =>
    (await (await fetch(`${baseUrl}${path}`, init)).json()) as Record<string, unknown>;
  const credentials = { grant_type: "client_credential", appid: appId, secret };
  const newToken = (): Promise<Record<string, unknown>> =>
    contention.mode === "plain"
      ? read(`/cgi-bin/token?${new URLSearchParams(credentials)}`)
      : read("/cgi-bin/stable_token", {
          method: "POST",
          body: JSON.stringify({ ...credentials, force_refresh: false }),
        });
  const nodes = Array.from({ length: count }, (): Node => {
    let token: unknown;
    const call = async (mayRetry = true): Promise<void> => {
      token ??= (await newToken())["access_token"];
      const { errcode = 0 } = await read(
        `/cgi-bin/user/info?openid=o&access_token=${String(token)}`,
      );
      if (errcode === 0) return;
      token = undefined;
      if (!mayRetry) throw new Error(`errcode ${String(errcode)}`);
      await call(false);
    };
    return { call: () => call(), close: async () => undefined };
  });
  return { tokenLog, nodes, events: [] };
}

/**
 * Lets every node call at its interval while the attacker acts at its own, and counts the calls of
 * each fleet.
 */
export async function runFleets(
  field: Contended,
  fleets: readonly Fleet[],
): Promise<readonly Outcome[]> {
  const { clock, contention } = field;
  const metrics = fleets.map(() => new CallMetrics());
  const callAll = (): void =>
    fleets.forEach((fleet, index) => {
      for (const node of fleet.nodes) metrics[index]?.count(node.call(), clock);
    });
  callAll();
  await clock.advance(5_000);
  let nextAttackMs = contention.everyMs;
  for (let passedMs = 0; passedMs < contention.forMs;) {
    const stepMs = Math.min(
      contention.callEveryMs - (passedMs % contention.callEveryMs),
      nextAttackMs - passedMs,
    );
    await clock.advance(stepMs);
    passedMs += stepMs;
    if (passedMs === nextAttackMs) {
      attack(field);
      nextAttackMs += contention.everyMs;
    }
    if (passedMs % contention.callEveryMs === 0) callAll();
  }
  await clock.advance(drainMs);
  const outcomes = fleets.map((fleet, index) => outcomeOf(field, fleet, metrics[index]!));
  await Promise.all(fleets.flatMap(({ nodes }) => nodes.map((node) => node.close())));
  return outcomes;
}

function attack({ simulator: { operator }, contention }: Contended): void {
  if (contention.attack === "kill") operator.revoke(appId, [contention.mode]);
  if (contention.attack === "replace")
    operator.foreignIssue(appId, { kind: contention.mode, caller: "attacker" });
}

class CallMetrics {
  calls = 0;
  failed = 0;
  longestOutageMs = 0;
  #downSinceMs: number | undefined;

  count(call: Promise<unknown>, clock: ManualClock): void {
    this.calls += 1;
    const startedMs = clock.monotonicMs();
    call.then(
      () => {
        if (this.#downSinceMs !== undefined)
          this.longestOutageMs = Math.max(
            this.longestOutageMs,
            clock.monotonicMs() - this.#downSinceMs,
          );
        this.#downSinceMs = undefined;
      },
      () => {
        this.failed += 1;
        this.#downSinceMs ??= startedMs;
      },
    );
  }
}

function outcomeOf(
  { simulator }: Contended,
  { events, tokenLog }: Fleet,
  { calls, failed, longestOutageMs }: CallMetrics,
): Outcome {
  const deaths = [...tokenLog.tokens].filter(
    (token) => simulator.operator.inspect(token)?.alive !== true,
  ).length;
  const contended = events.findLast(
    (event): event is CredentialEvent<"contended"> => event.type === "contended",
  );
  return { calls, failed, fetches: tokenLog.fetches, deaths, longestOutageMs, contended };
}
