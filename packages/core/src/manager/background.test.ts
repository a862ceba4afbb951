/** The work of a process in the background, and its times. */
import { describe, expect, it } from "vitest";
import { Background } from "./background.ts";
import type { FailedAttempt } from "./stale-cause.ts";
import { CacheUnavailableError } from "../errors.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { lifetimeMs, oneNode, storedAt } from "../scenarios/node.fixture.ts";
import { emptyState, type State, type StoredCredential } from "../state/state.ts";
import { seededRandom } from "../testing/index.ts";

const advisoryMs = lifetimeMs - 900_000;
const mandatoryMs = lifetimeMs - 120_000;
const never = Number.POSITIVE_INFINITY;

/** A draw of 0 starts an elected task last, and reads earliest. */
function bench({
  draw = 0,
  role = "owner" as "owner" | "consumer",
  reads = true,
  isSeen = true,
} = {}) {
  const random = { ...seededRandom("background"), next: () => draw };
  const one = oneNode({ policy: { kind: "supersede", overlapMs: 300_000 } }, { random });
  const { clock, local, storeClock } = one;
  if (isSeen) storeClock.observe(clock.wallMs(), clock.monotonicMs());
  const startMs = clock.monotonicMs();
  const did: string[] = [];
  const log = (what: string): unknown => did.push(`${what} ${clock.monotonicMs() - startMs}`);
  const source = {
    role,
    usedAtMs: undefined as number | undefined,
    hasPush: false,
    wasEmpty: false,
    lastReadMs: startMs,
    failure: undefined as Error | undefined,
    read: async () => {
      source.lastReadMs = clock.monotonicMs();
      log("read");
      if (source.failure !== undefined) throw source.failure;
      // A real read does this too, so nothing is in doubt any more.
      if (reads) storeClock.observe(clock.worldMs(), clock.monotonicMs());
    },
    proveWrites: async () => void log("prove"),
    subscribeAndRead: async () => void log("subscribe"),
  };
  const demand = {
    isNeeded: true,
    isMarkedNow: false,
    isWanted: () => demand.isNeeded,
    isMarked: () => demand.isMarkedNow,
    mark: async () => void log("mark"),
  };
  const breaker = { error: undefined as Error | undefined, isRefused: false, nextTryMs: -never };
  const pursued: Goal[] = [];
  const answers = {
    attempt: async (): Promise<FailedAttempt | undefined> => undefined,
    judge: async (): Promise<Goal | "alive"> => ({ reason: "rejected", refused: "judged" }),
  };
  const singleFlight = {
    inBackground: async (goal: Goal) => {
      pursued.push(goal);
      log(goal.reason);
      return answers.attempt();
    },
  };
  const refusals = { judge: () => answers.judge() };
  const parentErrors = { has: () => false };
  const background = new Background(one.node, {
    source,
    demand,
    breaker,
    singleFlight,
    refusals,
    parentErrors,
    // The background uses only these parts.
  } as never);
  const hold = (given: Partial<StoredCredential> = {}, changed: Partial<State> = {}) => {
    const state = { ...emptyState, credential: storedAt(storeClock.nowMs(), given), ...changed };
    local.adopt(state, state.credential);
    background.rearm();
    return state;
  };
  return { ...one, answers, background, breaker, demand, did, hold, pursued, source };
}

describe("the background", () => {
  it("does nothing before its start and after its stop", async () => {
    const { background, clock, did, hold } = bench();
    hold();
    await clock.advance(3 * lifetimeMs);
    expect(did).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
    background.start();
    background.stop();
    await clock.advance(3 * lifetimeMs);
    background.start();
    background.retryNow();
    expect(did).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("subscribes once, a tenth of a second after its start", async () => {
    const { background, clock, did } = bench();
    background.start();
    await clock.advance(60);
    background.start();
    await clock.advance(39);
    expect(did).toEqual([]);
    await clock.advance(1);
    expect(did).toEqual(["subscribe 100"]);
    await clock.advance(60_000);
    expect(did).toHaveLength(1);
  });

  it("writes a consumer's mark of use each time it wakes", async () => {
    const { background, clock, did } = bench({ role: "consumer" });
    background.start();
    await clock.advance(60_100);
    expect(did).toEqual(["subscribe 100", "mark 20100", "mark 40100", "mark 60100"]);
  });
});

describe("a read in the background", () => {
  const readsOf = (did: string[]) => did.filter((what) => what.startsWith("read"));

  it.each([
    [0, 230_400],
    [1, 240_000],
  ])("comes after 240 s at most, at a random moment: %d", async (draw, atMs) => {
    const { background, clock, did } = bench({ draw });
    background.start();
    await clock.advance(atMs - 1);
    expect(readsOf(did)).toEqual([]);
    await clock.advance(1);
    // It also tests whether the store accepts writes, and subscribes if necessary.
    expect(did.slice(-3)).toEqual([`read ${atMs}`, `prove ${atMs}`, `subscribe ${atMs}`]);
  });

  it("comes later if the store pushes changes and nothing is in flight", async () => {
    for (const changed of [{}, { intent: { epoch: 2, operationId: "2", atMs: 0 } }]) {
      const { background, clock, did, hold, source } = bench({ draw: 1 });
      hold({}, changed);
      source.hasPush = true;
      background.start();
      await clock.advance(239_999);
      expect(readsOf(did)).toEqual([]);
      await clock.advance(1);
      expect(readsOf(did)).toHaveLength("intent" in changed ? 1 : 0);
      await clock.advance(20_000);
      expect(readsOf(did)).toHaveLength(1);
    }
  });

  it("comes once a minute while a consumer needs the replacement that is due", async () => {
    const { background, clock, did, hold, source } = bench({ draw: 1 });
    source.role = "consumer";
    background.start();
    await clock.advance(200);
    hold({}, {});
    const { length } = did;
    await clock.advance(advisoryMs);
    const before = readsOf(did).length;
    expect(length).toBe(1);
    await clock.advance(240_000);
    expect(readsOf(did).length - before).toBeGreaterThanOrEqual(3);
    expect(readsOf(did).length - before).toBeLessThanOrEqual(5);
  });

  it("is not delayed when it and a replacement are due together", async () => {
    const { background, clock, demand, did, hold, source } = bench({ draw: 1 });
    demand.isNeeded = false;
    hold();
    background.start();
    await clock.advance(100);
    source.lastReadMs = clock.monotonicMs() - 100 + advisoryMs - 240_000;
    await clock.advance(advisoryMs - 100 - 1);
    expect(readsOf(did)).toEqual([]);
    await clock.advance(1);
    expect(readsOf(did)).toEqual([`read ${advisoryMs}`]);
  });

  it("that fails is repeated after a growing pause, until one succeeds", async () => {
    const { background, clock, did, source } = bench({ draw: 0.5 });
    source.failure = new CacheUnavailableError("gone");
    background.start();
    await clock.advance(235_200);
    expect(readsOf(did)).toEqual(["read 235200"]);
    await clock.advance(5_000 + 10_000 + 20_000);
    expect(readsOf(did).slice(1)).toEqual(["read 240200", "read 250200", "read 270200"]);
    source.failure = undefined;
    await clock.advance(40_000);
    expect(readsOf(did).at(-1)).toBe("read 310200");
    source.failure = new CacheUnavailableError("gone");
    await clock.advance(235_200 + 5_000);
    expect(readsOf(did).slice(-2)).toEqual(["read 545400", "read 550400"]);
  });

  it("that fails is repeated soon if the store has never answered the node", async () => {
    const { background, clock, did, hold, source } = bench({ draw: 0.5, isSeen: false });
    hold({ by: { node: "node-1", environment: "production", reason: "cold" } });
    source.failure = new CacheUnavailableError("gone");
    background.start();
    await clock.advance(235_200 + 2_000);
    expect(readsOf(did)).toEqual(["read 235200", "read 236200", "read 237200"]);
  });

  it("comes within half of waitMs if consumers wait and the store reports no changes", async () => {
    const { background, clock, demand, did, source } = bench({ draw: 1 });
    demand.isMarkedNow = true;
    background.start();
    await clock.advance(20_000);
    expect(readsOf(did)).toEqual(["read 10000", "read 20000"]);
    source.wasEmpty = true;
    background.rearm();
    await clock.advance(1_000);
    expect(readsOf(did).at(-1)).toBe("read 21000");
    source.hasPush = true;
    demand.isMarkedNow = false;
    await clock.advance(230_000);
    expect(readsOf(did)).toHaveLength(3);
  });

  it("comes as often while a replacement is due, and once a minute with messages", async () => {
    const { background, clock, demand, did, hold, pursued, source } = bench();
    demand.isMarkedNow = true;
    hold();
    background.start();
    await clock.advance(advisoryMs + 1_000);
    const before = readsOf(did).length;
    await clock.advance(60_000);
    expect(readsOf(did).length - before).toBe(6);
    source.hasPush = true;
    background.rearm();
    await clock.advance(120_000);
    expect(readsOf(did).length - before).toBe(8);
    // Another node is elected to replace it first.
    expect(pursued).toEqual([]);
  });

  it("of a consumer comes no sooner because of other consumers", async () => {
    const { background, clock, demand, did } = bench({ draw: 1, role: "consumer" });
    demand.isMarkedNow = true;
    background.start();
    await clock.advance(239_999);
    expect(readsOf(did)).toEqual([]);
  });

  it("comes within five seconds after a clock jump or an outage of the store", async () => {
    const slept = bench();
    slept.background.start();
    await slept.clock.advance(10_000);
    slept.clock.suspend(60_000);
    await slept.clock.advance(20_000);
    expect(readsOf(slept.did)).toHaveLength(1);
    await slept.clock.advance(100_000);
    expect(readsOf(slept.did)).toHaveLength(1);
    const away = bench({ reads: false });
    away.background.start();
    await away.clock.advance(1_000);
    const gone = () => Promise.reject(new CacheUnavailableError("gone"));
    await away.context.health.watched("set", gone).catch(() => {});
    away.background.rearm();
    await away.clock.advance(3_999);
    expect(readsOf(away.did)).toEqual([]);
    await away.clock.advance(1);
    expect(readsOf(away.did)).toEqual(["read 5000"]);
  });
});

describe("a refresh in the background", () => {
  it("is made ahead of time, with the commit that it replaces", async () => {
    const { background, clock, hold, pursued } = bench({ draw: 1 - 1e-9 });
    hold();
    background.start();
    await clock.advance(advisoryMs - 1);
    expect(pursued).toEqual([]);
    await clock.advance(1);
    expect(pursued[0]).toEqual({ reason: "advisory", replaces: "commit-1" });
  });

  it("becomes mandatory at the latest time, and urgent at the end of the credential", async () => {
    const { background, clock, hold, pursued } = bench();
    hold();
    background.start();
    await clock.advance(mandatoryMs);
    expect(pursued).toEqual([{ reason: "mandatory", replaces: "commit-1" }]);
    await clock.advance(120_000);
    expect(pursued.at(-1)).toEqual({ reason: "expired", replaces: "commit-1" });
  });

  it("is due while the live credential is in doubt", async () => {
    const { background, clock, hold, pursued, storeClock } = bench();
    hold({}, { doubtSinceMs: storeClock.nowMs() });
    background.start();
    await clock.advance(199_999);
    expect(pursued).toEqual([]);
    await clock.advance(1);
    expect(pursued).toEqual([{ reason: "reconcile", replaces: "commit-1" }]);
  });

  it("follows another node's report after a probe", async () => {
    const suspect = { fingerprint: "fingerprint-1", atMs: 0 };
    const { answers, background, clock, hold, pursued } = bench();
    hold({}, { suspect });
    background.start();
    await clock.advance(50);
    expect(pursued).toEqual([{ reason: "rejected", refused: "judged" }]);
    const alive = bench();
    alive.answers.judge = async () => "alive";
    alive.hold({}, { suspect });
    alive.background.start();
    await alive.clock.advance(50);
    expect(alive.pursued).toEqual([]);
    void answers;
    // The document says that the platform has been asked.
    const dead = bench();
    dead.hold({}, { suspect: { ...suspect, dead: true } });
    dead.background.start();
    await dead.clock.advance(50);
    expect(dead.pursued).toEqual([{ reason: "rejected", refused: "fingerprint-1", isDead: true }]);
  });

  it.each<[string, (parts: ReturnType<typeof bench>) => unknown]>([
    ["nobody needs it", ({ demand }) => (demand.isNeeded = false)],
    ["it is a consumer", ({ source }) => (source.role = "consumer")],
    [
      "the platform refuses for good",
      ({ breaker }) => Object.assign(breaker, { error: new Error("no"), nextTryMs: never }),
    ],
    ["there is nothing to replace", ({ local }) => local.forget()],
  ])("is not made if %s", async (_what, change) => {
    const parts = bench();
    parts.hold();
    change(parts);
    parts.background.start();
    await parts.clock.advance(lifetimeMs + 60_000);
    expect(parts.pursued).toEqual([]);
  });

  it("is retried when the next try after a refusal is due, even without a credential", async () => {
    const { background, breaker, clock, pursued } = bench();
    Object.assign(breaker, {
      error: new Error("no"),
      isRefused: true,
      nextTryMs: clock.monotonicMs() + 30_000,
    });
    background.start();
    await clock.advance(29_999);
    breaker.error = undefined;
    background.rearm();
    await clock.advance(1);
    expect(pursued[0]).toEqual({ reason: "cold" });
  });

  it("is made without a credential for consumers that wait for one", async () => {
    const { background, clock, demand, pursued } = bench();
    demand.isMarkedNow = true;
    background.start();
    await clock.advance(100);
    expect(pursued[0]).toEqual({ reason: "cold" });
  });

  it("that fails is retried after growing pauses, and at once when the store is back", async () => {
    const { answers, background, clock, did, hold } = bench({ draw: 0.5 });
    answers.attempt = async () => ({ error: new Error("x"), block: undefined });
    hold({}, { suspect: { fingerprint: "fingerprint-1", atMs: 0, dead: true } });
    background.start();
    await clock.advance(7_500);
    const tries = () => did.filter((what) => what.startsWith("rejected"));
    // No credential can be served.
    expect(tries()).toEqual(["rejected 0", "rejected 1000", "rejected 3000", "rejected 7000"]);
    background.retryNow();
    await clock.advance(100);
    expect(tries()).toHaveLength(5);
  });

  it("runs once at a time", async () => {
    const { answers, background, clock, hold, pursued } = bench();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    answers.attempt = () => promise;
    hold();
    background.start();
    await clock.advance(mandatoryMs);
    background.rearm();
    await clock.advance(60_000);
    expect(pursued).toHaveLength(1);
    hold({ generation: 2 });
    resolve(undefined);
    await clock.advance(60_000);
    expect(pursued).toHaveLength(1);
  });

  it("that failed is retried at once when a refusal becomes known", async () => {
    const { answers, background, clock, hold, local, pursued } = bench();
    answers.attempt = async () => ({ error: new Error("x"), block: undefined });
    hold();
    background.start();
    await clock.advance(mandatoryMs);
    const suspect = { fingerprint: "fingerprint-1", atMs: 0, dead: true } as const;
    local.updateState({ ...local.state!, suspect });
    background.rearm();
    await clock.advance(50);
    expect(pursued.map(({ reason }) => reason)).toEqual(["mandatory", "rejected"]);
  });

  it("that the platform refused is retried when the circuit breaker allows it", async () => {
    const { answers, background, breaker, clock, hold, pursued } = bench();
    const error = new Error("no");
    Object.defineProperty(breaker, "error", {
      get: () => (clock.monotonicMs() < breaker.nextTryMs ? error : undefined),
    });
    answers.attempt = async () => {
      breaker.nextTryMs = clock.monotonicMs() + 2_000;
      return { error, block: undefined };
    };
    hold();
    background.start();
    await clock.advance(mandatoryMs + 1_999);
    expect(pursued).toHaveLength(1);
    await clock.advance(1);
    expect(pursued).toHaveLength(2);
  });

  it("that failed while its node became a consumer causes no pause after it is an owner again", async () => {
    const { answers, background, clock, hold, pursued, source } = bench();
    answers.attempt = async () => {
      source.role = "consumer";
      return { error: new Error("x"), block: undefined };
    };
    hold();
    background.start();
    await clock.advance(mandatoryMs);
    source.role = "owner";
    background.rearm();
    await clock.advance(50);
    expect(pursued).toHaveLength(2);
  });

  it("follows another node's report only after the lease of an open request: to the ms", async () => {
    const { background, clock, context, hold, pursued, storeClock } = bench();
    const intent = { epoch: 2, operationId: "2", atMs: storeClock.nowMs() };
    hold({}, { suspect: { fingerprint: "fingerprint-1", atMs: 0 }, intent });
    background.start();
    await clock.advance(context.parameters.leaseMs - 1);
    expect(pursued).toEqual([]);
    await clock.advance(1);
    expect(pursued).toHaveLength(1);
  });

  it("is urgent from the instant at which a credential ends", async () => {
    const { background, clock, hold, local, pursued } = bench();
    hold();
    await clock.advance(local.cached!.serveUntilMs - clock.monotonicMs());
    background.start();
    await clock.advance(0);
    expect(pursued).toEqual([{ reason: "expired", replaces: "commit-1" }]);
  });

  it.each<[string, (parts: ReturnType<typeof bench>) => unknown]>([
    ["nobody needs it", ({ demand }) => (demand.isNeeded = false)],
    [
      "it is due and has no goal",
      ({ breaker }) => Object.assign(breaker, { error: new Error("no") }),
    ],
  ])("costs few wakes where %s", async (_what, change) => {
    const parts = bench();
    const { background, clock, demand, hold } = parts;
    hold();
    change(parts);
    background.start();
    await clock.advance(mandatoryMs);
    let asked = 0;
    demand.isWanted = () => {
      asked += 1;
      return demand.isNeeded;
    };
    await clock.advance(15_000);
    expect(asked).toBeLessThan(12);
  });

  it("of one that runs out soon after it came is made when that is due", async () => {
    const { answers, background, clock, hold, pursued, storeClock } = bench();
    answers.attempt = async () => {
      const sentAtMs = storeClock.nowMs() - mandatoryMs + 2_000;
      const expiresAtMs = sentAtMs + lifetimeMs;
      hold({ generation: pursued.length + 1, sentAtMs, issuedAtMs: sentAtMs, expiresAtMs });
      return undefined;
    };
    hold();
    background.start();
    await clock.advance(mandatoryMs + 1_999);
    expect(pursued).toHaveLength(1);
    await clock.advance(1);
    expect(pursued).toHaveLength(2);
  });

  it("that has succeeded is not repeated", async () => {
    const { answers, background, clock, hold, pursued } = bench();
    hold();
    answers.attempt = async () => {
      hold({ generation: pursued.length + 1 });
      return undefined;
    };
    background.start();
    await clock.advance(mandatoryMs + 60_000);
    expect(pursued).toHaveLength(1);
    await clock.advance(mandatoryMs);
    expect(pursued).toHaveLength(2);
  });
});

describe("a credential that is served past its time", () => {
  it("is reported once with the cause, five seconds after it had to be replaced", async () => {
    const { answers, background, clock, events, hold } = bench();
    answers.attempt = async () => ({
      error: new CacheUnavailableError("gone"),
      block: { kind: "pause", ms: 1, why: "governor" },
    });
    hold();
    background.start();
    const stale = () => events.filter(({ type }) => type === "kept-stale");
    await clock.advance(mandatoryMs + 4_999);
    expect(stale()).toEqual([]);
    await clock.advance(1);
    expect(stale()).toMatchObject([{ generation: 1, cause: "governor", remainingMs: 115_000 }]);
    await clock.advance(60_000);
    expect(stale()).toHaveLength(1);
  });

  it("is not reported with a failure from before the last success", async () => {
    const { answers, background, clock, events, hold } = bench();
    const error = new CacheUnavailableError("gone");
    answers.attempt = async () => ({ error, block: { kind: "pause", ms: 1, why: "governor" } });
    hold();
    background.start();
    await clock.advance(mandatoryMs);
    answers.attempt = async () => {
      hold({ generation: 2 });
      return undefined;
    };
    await clock.advance(4_000);
    answers.attempt = async () => ({ error: undefined, block: undefined });
    await clock.advance(mandatoryMs + 10_000);
    const stale = events.filter(({ type }) => type === "kept-stale");
    expect(stale).toMatchObject([{ generation: 2, cause: "platform" }]);
  });

  it("is not reported if no caller needs another one, or if it is out of use", async () => {
    for (const change of ["unneeded", "dead"]) {
      const { background, clock, demand, events, hold, local } = bench();
      hold();
      background.start();
      if (change === "unneeded") demand.isNeeded = false;
      else local.forget();
      await clock.advance(mandatoryMs + 60_000);
      expect(events.filter(({ type }) => type === "kept-stale")).toEqual([]);
    }
  });
});
