/** When a node acts on another node's report about its credential. */
import { describe, expect, it } from "vitest";
import { actAtMs, RemoteRefusals } from "./remote-refusals.ts";
import type { JudgeOptions, RefusalJudge } from "./refusal-judge.ts";
import type { CachedCredential } from "../fleet/cached-credential.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { oneNode, storedAt } from "../scenarios/node.fixture.ts";
import { emptyState, type State } from "../state/state.ts";

type Judged = Goal | "alive" | "unknown";

function bench(...answers: Judged[]) {
  const one = oneNode();
  const doubtful: (boolean | undefined)[] = [];
  // The other members are not used.
  const judge = {
    judge: async (_cached: CachedCredential, options: JudgeOptions = {}) => {
      doubtful.push(options.doubtful);
      return answers.shift()!;
    },
  } as unknown as RefusalJudge;
  const cachedOf = (generation = 1) =>
    ({ stored: storedAt(0, { generation }) }) as CachedCredential;
  return { ...one, cachedOf, doubtful, remote: new RemoteRefusals(judge) };
}

const suspect = { fingerprint: "fingerprint-1", atMs: 5 };
const intent = { epoch: 2, operationId: "2", atMs: 1_000_000 };
const never = Number.POSITIVE_INFINITY;

describe("a report about the cached credential", () => {
  it.each<[string, Partial<State> | undefined, number]>([
    ["never where there is no document", undefined, never],
    ["never where nobody complains", {}, never],
    [
      "never where it concerns an earlier credential",
      { suspect: { ...suspect, fingerprint: "x" } },
      never,
    ],
    ["at once", { suspect }, 0],
    ["when the lease of the node that acts already has ended", { suspect, intent }, 1_010_000],
    ["at once where it is dead", { suspect: { ...suspect, dead: true }, intent }, 0],
  ])("causes a refresh %s", (_when, state, atMs) => {
    const { cachedOf, local, node } = bench();
    if (state !== undefined)
      local.updateState({ ...emptyState, credential: storedAt(0), ...state });
    expect(actAtMs(node, cachedOf())).toBe(atMs);
  });

  it("is ignored after a reset of the credential", () => {
    const { cachedOf, local, node } = bench();
    local.updateState({ ...emptyState, suspect });
    expect(actAtMs(node, cachedOf())).toBe(never);
  });

  it("is ignored if it is about another commit", () => {
    const { cachedOf, local, node } = bench();
    local.updateState({ ...emptyState, credential: storedAt(0), suspect });
    expect(actAtMs(node, cachedOf(2))).toBe(never);
  });
});

describe("a probe because of a report", () => {
  const goal: Goal = { reason: "rejected", refused: "fingerprint-1" };

  it("counts only after two probes without an answer, for each credential", async () => {
    const { cachedOf, doubtful, remote } = bench("unknown", "unknown", goal, "unknown");
    expect(await remote.judge(cachedOf(1))).toBeUndefined();
    expect(await remote.judge(cachedOf(2))).toBeUndefined();
    expect(await remote.judge(cachedOf(2))).toBe(goal);
    expect(await remote.judge(cachedOf(2))).toBeUndefined();
    expect(doubtful).toEqual([true, true, false, true]);
  });

  it("starts again after the platform has called the credential alive", async () => {
    const { cachedOf, doubtful, remote } = bench("unknown", "alive", "unknown");
    for (let asked = 0; asked < 3; asked += 1)
      expect(await remote.judge(cachedOf())).toBeUndefined();
    expect(doubtful).toEqual([true, false, true]);
  });
});
