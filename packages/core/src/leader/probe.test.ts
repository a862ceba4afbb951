/** How the platform is asked whether a credential is alive. */
import { describe, expect, it } from "vitest";
import { Probe } from "./probe.ts";
import type { Issuer } from "../issuer.ts";
import { oneNode } from "../scenarios/node.fixture.ts";
import { Secret } from "../secret.ts";
import { Closing } from "../time/closing.ts";

type Answer = "alive" | "dead" | "unknown" | "silence" | "failure" | { readonly afterMs: number };

/** The last answer is repeated forever. */
function bench(answers: Answer[], parameters = {}) {
  const made: { readonly atMs: number; readonly signal: AbortSignal }[] = [];
  const probe: Issuer["probe"] = async (_secret, signal) => {
    made.push({ atMs: clock.monotonicMs() - startMs, signal: signal! });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === "silence") return new Promise(() => {});
    if (answer === "failure") throw new Error("broken");
    if (typeof answer === "string") return answer;
    await new Promise<void>((resolve) => void clock.setTimer(answer!.afterMs, resolve));
    return "alive";
  };
  const one = oneNode({ probe }, { parameters });
  const { clock } = one;
  const startMs = clock.monotonicMs();
  const closing = new Closing();
  const asking = new Probe(one.node, closing);
  const ask = (secret = "S", signal?: AbortSignal) => {
    const outcome: { verdict?: string; atMs?: number; error?: unknown } = {};
    asking.verdict(new Secret(secret, secret), signal).then(
      (verdict) => Object.assign(outcome, { verdict, atMs: clock.monotonicMs() - startMs }),
      (error: unknown) => Object.assign(outcome, { error }),
    );
    return outcome;
  };
  const asked = () => made.map(({ atMs }) => atMs);
  return { ask, asked, asking, clock, closing, made };
}

describe("a probe", () => {
  it("is not sent if the issuer has none", async () => {
    const { node } = oneNode();
    const probe = new Probe(node, new Closing());
    expect(probe.canAsk).toBe(false);
    expect(await probe.verdict(new Secret("S", "S"))).toBe("unknown");
    expect(bench(["alive"]).asking.canAsk).toBe(true);
  });

  it.each<[string, Answer[], string, number, number[]]>([
    ["alive", ["alive"], "alive", 0, [0]],
    ["dead", ["dead"], "dead", 0, [0]],
    ["no verdict once", ["unknown", "dead"], "dead", 100, [0, 100]],
    ["a failure once", ["failure", "alive"], "alive", 100, [0, 100]],
    ["no verdict at all", ["unknown"], "unknown", 200, [0, 100, 200]],
    ["silence once", ["silence", "dead"], "dead", 1_000, [0, 1_000]],
    ["silence", ["silence"], "unknown", 3_000, [0, 1_000, 2_000]],
    ["a late answer", [{ afterMs: 1_500 }, "silence"], "alive", 1_500, [0, 1_000]],
    [
      "a late answer to the last",
      ["unknown", "unknown", { afterMs: 900 }],
      "alive",
      1_100,
      [0, 100, 200],
    ],
  ])("is sent up to three times: %s", async (_what, answers, verdict, atMs, times) => {
    const { ask, asked, clock, made } = bench(answers);
    const outcome = ask();
    await clock.advance(10_000);
    expect(outcome).toEqual({ verdict, atMs });
    expect(asked()).toEqual(times);
    // No caller waits for an answer any more.
    expect(made.every(({ signal }) => signal.aborted)).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it("takes no longer than a fetch may, and its signal has the reason of its end", async () => {
    const { ask, clock, made } = bench(["silence"], { fetchDeadlineMs: 2_500, leaseMs: 10_000 });
    const outcome = ask();
    await clock.advance(2_499);
    expect(outcome).toEqual({});
    expect(made[0]?.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(outcome).toEqual({ verdict: "unknown", atMs: 2_500 });
    expect(made[0]?.signal.reason).toMatchObject({
      outcome: "unknown",
      message:
        'The probe of "test" was not answered within 2500 ms (fetchDeadlineMs, and at most 3000).',
    });
  });

  it("serves all reporters of the same credential while it runs, unless the answer is alive", async () => {
    const { ask, asked, clock } = bench(["silence", "dead"]);
    const outcomes = [ask(), ask()];
    await clock.advance(500);
    outcomes.push(ask());
    const other = ask("another");
    await clock.advance(3_000);
    expect(outcomes.map(({ verdict }) => verdict)).toEqual(["dead", "dead", "dead"]);
    expect(other.verdict).toBe("dead");
    expect(asked()).toEqual([0, 500, 1_000]);
    expect(ask("S")).toEqual({});
    await clock.settle();
    expect(asked()).toHaveLength(4);
  });

  it("serves them even without a verdict, and while another credential is probed", async () => {
    const unknown = bench(["unknown"]);
    const both = [unknown.ask(), unknown.ask()];
    await unknown.clock.advance(1_000);
    expect(both.map(({ verdict }) => verdict)).toEqual(["unknown", "unknown"]);
    expect(unknown.asked()).toHaveLength(3);
    const { ask, asked, clock } = bench([{ afterMs: 100 }, { afterMs: 900 }, "dead"]);
    ask("another");
    const outcomes = [ask("S")];
    await clock.advance(200);
    outcomes.push(ask("S"));
    await clock.advance(100);
    expect(asked()).toEqual([0, 0]);
    await clock.advance(1_000);
    expect(outcomes.map(({ verdict }) => verdict)).toEqual(["alive", "dead"]);
  });

  it("is sent again for a later reporter if the answer is alive", async () => {
    const { ask, asked, clock } = bench([{ afterMs: 500 }, { afterMs: 500 }]);
    const first = ask();
    await clock.advance(200);
    const later = [ask(), ask()];
    await clock.advance(5_000);
    expect(first).toEqual({ verdict: "alive", atMs: 500 });
    expect(later.map(({ atMs }) => atMs)).toEqual([1_000, 1_000]);
    expect(asked()).toEqual([0, 500]);
  });

  it("ends with its caller's wait, and when the credential closes", async () => {
    const { ask, clock, closing, made } = bench(["silence"]);
    const abort = new AbortController();
    const outcomes = [ask("S", abort.signal), ask("S"), ask("S", abort.signal)];
    await clock.settle();
    abort.abort("enough");
    await clock.settle();
    expect(outcomes).toEqual([{ error: "enough" }, {}, { error: "enough" }]);
    const closed = new Error("closed");
    closing.close(closed);
    await clock.settle();
    expect(outcomes[1]).toEqual({ error: closed });
    expect(made[0]?.signal.aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });
});
