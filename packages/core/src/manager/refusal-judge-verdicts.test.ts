/** The effect of a report of a refusal, by the platform's verdict and this process's knowledge. */
import { describe, expect, it } from "vitest";
import { RefusalJudge } from "./refusal-judge.ts";
import { CacheUnavailableError } from "../errors.ts";
import { oneNode, storedAt } from "../scenarios/node.fixture.ts";
import { reduce } from "../state/reduce.ts";
import { emptyState, type State } from "../state/state.ts";
import type { SuspectEvent } from "../state/suspect.ts";

type Verdict = "alive" | "dead" | "unknown";

function bench(verdict: Verdict, { canAsk = true, changed = {} as Partial<State> } = {}) {
  const one = oneNode();
  const { clock, context, local, storeClock } = one;
  const state: State = { ...emptyState, credential: storedAt(storeClock.nowMs()), ...changed };
  local.adopt(state, state.credential!);
  const cached = local.cached!;
  const written: SuspectEvent[] = [];
  const store = { state, failure: undefined as Error | undefined };
  const during = { act: () => {} };
  const apply = async (event: SuspectEvent) => {
    written.push(event);
    if (store.failure !== undefined) throw store.failure;
    const made = reduce(store.state, event, storeClock.nowMs(), context.rules);
    return { verdict: made.verdict, snapshot: { state: made.state ?? store.state, version: "1" } };
  };
  const probe = {
    canAsk,
    verdict: async () => {
      during.act();
      return verdict;
    },
  };
  // The other members are not used.
  const judge = new RefusalJudge(one.node, { document: { apply } } as never, probe as never);
  return { ...one, cached, clock, during, judge, state, store, written };
}

const suspect = { fingerprint: "fingerprint-1", atMs: 0 };
const refused = { reason: "rejected", refused: "fingerprint-1" } as const;

describe("a report about the present credential", () => {
  it("is dismissed if the platform calls it alive, and the fleet's own mark is withdrawn", async () => {
    const { cached, judge, local, written } = bench("alive", { changed: { suspect } });
    expect(await judge.judge(cached)).toBe("alive");
    expect(written).toEqual([{ type: "suspect", fingerprint: "fingerprint-1", found: "alive" }]);
    expect(local.state?.suspect).toBeUndefined();
    expect(local.isUsable).toBe(true);
  });

  it("costs no write if no node has marked it", async () => {
    const { cached, judge, written } = bench("alive");
    expect(await judge.judge(cached)).toBe("alive");
    expect(written).toEqual([]);
  });

  it("leaves the local document unchanged if the mark could not be withdrawn, or another credential is stored", async () => {
    const { cached, judge, local, state, store } = bench("alive", { changed: { suspect } });
    store.failure = new CacheUnavailableError("gone");
    expect(await judge.judge(cached)).toBe("alive");
    expect(local.state).toBe(state);
    store.failure = undefined;
    store.state = { ...emptyState, credential: storedAt(0, { generation: 2 }) };
    expect(await judge.judge(cached)).toBe("alive");
    store.state = emptyState;
    expect(await judge.judge(cached)).toBe("alive");
    expect(local.state).toBe(state);
  });

  it("takes it out of use at once if the platform calls it dead", async () => {
    const { cached, clock, judge, local } = bench("dead");
    const askedAtMs = clock.monotonicMs();
    expect(await judge.judge(cached, { doubtful: true })).toEqual({
      ...refused,
      isDead: true,
      isFirstHand: false,
      askedAtMs,
    });
    expect(local.wasRefused("fingerprint-1")).toBe(true);
    expect(local.isUsable).toBe(false);
  });

  it("has it replaced without a verdict, unless the report is doubtful", async () => {
    const { cached, clock, judge, local } = bench("unknown");
    const askedAtMs = clock.monotonicMs();
    expect(await judge.judge(cached, { doubtful: true })).toBe("unknown");
    expect(await judge.judge(cached)).toEqual({
      ...refused,
      isDead: false,
      isFirstHand: false,
      askedAtMs,
    });
    expect(local.isUsable).toBe(true);
  });

  it("is believed if the platform cannot be asked, and the credential stays in use until it is replaced", async () => {
    const { cached, judge, local } = bench("unknown", { canAsk: false });
    expect(await judge.judge(cached)).toEqual({
      ...refused,
      isDead: true,
      isFirstHand: true,
      askedAtMs: undefined,
    });
    expect(local.isUsable).toBe(true);
  });

  it("that another node has confirmed takes it out of use if the platform cannot be asked", async () => {
    const dead = { changed: { suspect: { ...suspect, dead: true } } } as const;
    const alone = bench("unknown", { canAsk: false, ...dead });
    await alone.judge.judge(alone.cached);
    expect(alone.local.wasRefused("fingerprint-1")).toBe(true);
    const asking = bench("unknown", dead);
    await asking.judge.judge(asking.cached);
    expect(asking.local.wasRefused("fingerprint-1")).toBe(false);
    const another = bench("unknown", { canAsk: false });
    const credential = storedAt(0, { generation: 2 });
    another.local.updateState({
      ...emptyState,
      credential,
      suspect: { fingerprint: "fingerprint-2", atMs: 0, dead: true },
    });
    await another.judge.judge(another.cached);
    another.local.updateState(emptyState);
    await another.judge.judge(another.cached);
    expect(another.local.wasRefused("fingerprint-1")).toBe(false);
  });
});

describe("a report about a credential that is replaced during the probe", () => {
  it.each(["alive", "unknown"] as const)("is no longer dismissed: %s", async (verdict) => {
    const { cached, during, judge, local, state, written } = bench(verdict, {
      changed: { suspect },
    });
    during.act = () => local.adopt(state, storedAt(0, { generation: 2 }));
    expect(await judge.judge(cached, { doubtful: true })).toMatchObject({
      ...refused,
      isDead: false,
    });
    during.act = () => local.forget();
    expect(await judge.judge(cached, { doubtful: true })).toMatchObject(refused);
    expect(written).toEqual([]);
  });
});
