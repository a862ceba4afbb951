/** What a caller gets instead of a credential that was refused. */
import { describe, expect, it } from "vitest";
import { Replacement } from "./replacement.ts";
import { CredentialUnavailableError } from "../errors.ts";
import type { Goal } from "../fleet/local-copy.ts";
import { refusedButAlive } from "../leader/block-reason.ts";
import { oneNode, storedAt } from "../scenarios/node.fixture.ts";
import type { Secret } from "../secret.ts";
import { emptyState, type State } from "../state/state.ts";
import { Closing } from "../time/closing.ts";

const refused: Goal = { reason: "rejected", refused: "fingerprint-1" };

function bench(changed: Partial<State> = {}) {
  const one = oneNode({ policy: { kind: "supersede", overlapMs: 300_000 } });
  const { local, storeClock } = one;
  const nowMs = storeClock.nowMs();
  const state: State = {
    ...emptyState,
    credential: storedAt(nowMs, { generation: 2 }),
    ...changed,
  };
  local.adopt(state, state.credential!);
  const secret = local.cached!.secret;
  const asked: { readonly goal: Goal; readonly waitMs: number | undefined }[] = [];
  const answers = {
    ensure: async (): Promise<Secret> => secret,
    verdict: async (): Promise<"alive" | "dead" | "unknown"> => "alive",
  };
  const probed: string[] = [];
  const closing = new Closing();
  const singleFlight = {
    ensure: (goal: Goal, _signal: unknown, waitMs?: number) => {
      asked.push({ goal, waitMs });
      return answers.ensure();
    },
  };
  const probe = {
    verdict: (of: Secret) => {
      probed.push(of.fingerprint);
      return answers.verdict();
    },
  };
  const source = { hasPush: true, feed: { next: () => new Promise(() => {}) } };
  // The other members are not used.
  const replacement = new Replacement(
    one.node,
    source as never,
    singleFlight as never,
    probe as never,
    closing,
  );
  return { ...one, answers, asked, closing, nowMs, probed, replacement, secret, state };
}

describe("the replacement of a refused credential", () => {
  it("is marked as earlier than the report, or as fetched because of it", async () => {
    const { nowMs, replacement, secret } = bench();
    const at = (ms: number) => replacement.for(refused, ms, undefined);
    expect(await at(nowMs)).toEqual({ replaced: true, secret, wasReplaced: true });
    expect(await at(nowMs - 1)).toEqual({ replaced: true, secret, wasReplaced: false });
  });

  it("is not marked as earlier if another one is cached by now, or none", async () => {
    const { local, nowMs, replacement, secret, state } = bench();
    local.adopt(state, storedAt(nowMs, { generation: 3 }));
    const expected = { replaced: true, secret, wasReplaced: false };
    expect(await replacement.for(refused, nowMs, undefined)).toEqual(expected);
    local.forget();
    expect(await replacement.for(refused, nowMs, undefined)).toEqual(expected);
  });

  it("is refused if the platform calls the credential alive, and this process still hands it out", async () => {
    const { answers, clock, local, replacement } = bench();
    const alive = refusedButAlive("test");
    answers.ensure = () => Promise.reject(alive);
    const kept: Goal = { reason: "rejected", refused: "fingerprint-2" };
    expect(await replacement.for(kept, 0, undefined)).toEqual({ replaced: false });
    await expect(replacement.for(refused, 0, undefined)).rejects.toBe(alive);
    const failure = new CredentialUnavailableError("none");
    answers.ensure = () => Promise.reject(failure);
    await expect(replacement.for(kept, 0, undefined)).rejects.toBe(failure);
    answers.ensure = () => Promise.reject(alive);
    await clock.advance(7_200_000);
    await expect(replacement.for(kept, 0, undefined)).rejects.toBe(alive);
    local.forget();
    await expect(replacement.for(kept, 0, undefined)).rejects.toBe(alive);
  });

  it("takes the old one out of use first if the platform called it dead", async () => {
    const { answers, asked, local, replacement, state } = bench();
    expect(await replacement.forDead("fingerprint-1", undefined)).toBe("replaced");
    expect(local.wasRefused("fingerprint-1")).toBe(true);
    expect(asked).toEqual([{ goal: { ...refused, isDead: true }, waitMs: undefined }]);
    answers.ensure = () => Promise.reject(refusedButAlive("test"));
    await expect(replacement.forDead("fingerprint-1", undefined)).rejects.toThrow("alive");
    // The platform returns it again, and calls it alive after all.
    answers.ensure = () => {
      local.adopt(state, state.credential!);
      return Promise.reject(refusedButAlive("test"));
    };
    expect(await replacement.forDead("fingerprint-2", undefined)).toBe("unknown");
  });
});

describe("a replacement during a doubt", () => {
  const doubtSinceMs = 1;

  it("is probed, within the caller's remaining time", async () => {
    const { answers, asked, clock, local, probed, replacement, secret } = bench({ doubtSinceMs });
    answers.ensure = async () => {
      await new Promise<void>((resolve) => void clock.setTimer(3_000, resolve));
      return secret;
    };
    const work = replacement.for(refused, 0, undefined);
    await clock.advance(6_000);
    expect(await work).toMatchObject({ replaced: true });
    expect(probed).toEqual(["fingerprint-2"]);
    expect(local.wasRefused("fingerprint-2")).toBe(false);
    expect(asked).toEqual([
      { goal: refused, waitMs: undefined },
      { goal: refused, waitMs: 17_000 },
    ]);
  });

  it("is not probed without a doubt, and is searched for once", async () => {
    const { asked, probed, replacement } = bench();
    await replacement.for(refused, 0, undefined);
    expect(probed).toEqual([]);
    expect(asked).toHaveLength(1);
  });

  it("is searched for again if this process has none by then", async () => {
    const { answers, asked, local, probed, replacement, secret } = bench({ doubtSinceMs });
    answers.ensure = async () => {
      local.forget();
      return secret;
    };
    expect(await replacement.for(refused, 0, undefined)).toMatchObject({ replaced: true });
    expect(probed).toEqual([]);
    expect(asked).toHaveLength(2);
  });

  it("is out of use if the platform calls it dead", async () => {
    const { answers, local, replacement } = bench({ doubtSinceMs });
    answers.verdict = async () => "dead";
    await replacement.for(refused, 0, undefined);
    expect(local.wasRefused("fingerprint-2")).toBe(true);
  });

  it("is returned after waitMs if the platform gives no verdict", async () => {
    const { answers, asked, clock, replacement } = bench({ doubtSinceMs });
    answers.verdict = () => new Promise(() => {});
    const work = replacement.for(refused, 0, undefined);
    await clock.advance(20_000);
    expect(await work).toMatchObject({ replaced: true });
    // A caller whose time is over gets the present one.
    expect(asked[1]).toEqual({ goal: refused, waitMs: 1 });
  });

  it("does not wait after closing, or after the caller has given up", async () => {
    for (const ends of ["closing", "signal"]) {
      const { answers, clock, closing, replacement } = bench({ doubtSinceMs });
      const abort = new AbortController();
      answers.verdict = () => new Promise(() => {});
      const work = replacement.for(refused, 0, abort.signal);
      await clock.settle();
      const reason = new Error("ended");
      if (ends === "closing") closing.close(reason);
      else abort.abort(reason);
      await expect(work).rejects.toBe(reason);
    }
  });

  it("waits for an open request that may kill it, and needs no probe if that has resolved the doubt", async () => {
    const { clock, local, nowMs, probed, replacement, state } = bench({
      doubtSinceMs,
      intent: { epoch: 3, operationId: "3", atMs: 0 },
    });
    const intent = { epoch: 3, operationId: "3", atMs: nowMs };
    local.updateState({ ...state, intent });
    const settled = { is: false };
    const work = replacement.for(refused, 0, undefined).then(() => (settled.is = true));
    await clock.advance(7_000);
    expect(settled.is).toBe(false);
    const { doubtSinceMs: _doubt, ...certain } = state;
    local.updateState(certain);
    await clock.advance(20_000);
    await work;
    expect(probed).toEqual([]);
  });
});
