/** How soon a background reading that failed is tried again, for whom. */
import { describe, expect, it } from "vitest";
import { lifetimeMs, oneNode, storedAt } from "../scenarios/node.fixture.ts";
import { emptyState, type State } from "../state/state.ts";
import { doubtfulPauseMs, readPauseMs } from "./read-pause.ts";

interface Case {
  readonly role?: "owner" | "consumer";
  readonly isMarked?: boolean;
  readonly hasPush?: boolean;
  readonly wasEmpty?: boolean;
  /** The store has told this node its time. */
  readonly isSeen?: boolean;
  /** Undefined: none is held. */
  readonly held?: "live" | "expired" | "refused" | "fetched without the store" | undefined;
}

function pausesOf({
  role = "owner",
  isMarked = true,
  hasPush = true,
  wasEmpty = false,
  isSeen = true,
  held,
}: Case): { secondMs: number; fifthMs: number; doubtfulMs: number } {
  const { clock, local, node, storeClock } = oneNode();
  if (isSeen) storeClock.observe(clock.wallMs(), clock.monotonicMs());
  const nowMs = storeClock.nowMs();
  const credential = storedAt(held === "expired" ? nowMs - lifetimeMs : nowMs);
  const suspect = { fingerprint: credential.fingerprint, atMs: nowMs };
  const state: State = { ...emptyState, credential, ...(held === "refused" && { suspect }) };
  if (held !== undefined) local.adopt(state, credential);
  if (held === "fetched without the store") local.continueState({ ...state }, state);
  const usedAtMs = nowMs - 1;
  const dependencies = {
    demand: { isMarked: (atMs: number | undefined) => isMarked && atMs === usedAtMs },
    source: { role, hasPush, wasEmpty, usedAtMs },
    // It uses only these.
  } as never;
  return {
    secondMs: readPauseMs(node, dependencies, 2, 1.2),
    fifthMs: readPauseMs(node, dependencies, 5, 1.2),
    doubtfulMs: doubtfulPauseMs(node, dependencies),
  };
}

const soon = { secondMs: 1_200, fifthMs: 1_200, doubtfulMs: 1_000 };
const growing = { secondMs: 12_000, fifthMs: 72_000, doubtfulMs: 5_000 };

describe("the pause after a failed reading", () => {
  it.each<Case>([
    { held: "fetched without the store" },
    { held: "refused" },
    { held: "expired" },
    { held: undefined },
    { held: "live", isSeen: false, isMarked: false },
    { held: "live", isSeen: false, role: "consumer" },
  ])("is about a second, however long the outage lasts: %o", (given) => {
    expect(pausesOf(given)).toEqual(soon);
  });

  it.each<Case>([
    { held: "live" },
    { held: undefined, isMarked: false },
    { held: "refused", role: "consumer" },
    { held: "live", role: "consumer", hasPush: false },
    { held: "live", isMarked: false, hasPush: false },
  ])("grows while no consumer waits for this node: %o", (given) => {
    expect(pausesOf(given)).toEqual(growing);
  });

  it("does not grow after a fetch without the store, for which unknown consumers may wait", () => {
    const given = { held: "fetched without the store", isMarked: false } as const;
    const pauses = { secondMs: 6_000, fifthMs: 6_000, doubtfulMs: 5_000 };
    expect(pausesOf(given)).toEqual(pauses);
    expect(pausesOf({ ...given, hasPush: false })).toEqual(pauses);
  });

  it("never exceeds the time in which an owner without messages hears of a complaint", () => {
    expect(pausesOf({ held: "live", hasPush: false })).toEqual({
      secondMs: 10_000,
      fifthMs: 10_000,
      doubtfulMs: 5_000,
    });
    expect(pausesOf({ held: "live", hasPush: false, wasEmpty: true }).fifthMs).toBe(1_000);
  });
});
