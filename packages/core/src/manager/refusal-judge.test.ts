/**
 * Reports that are false, or whose probe gets no answer at once. None of them alone may replace a
 * credential.
 */
import { describe, expect, it } from "vitest";
import type { ManualClock, ScriptedIssuer } from "../testing/index.ts";
import { fleet, within } from "../scenarios/fleet.fixture.ts";

type Answer =
  | "alive"
  | "dead"
  | "unknown"
  | "silence"
  | { readonly afterMs: number; readonly says: "alive" | "dead" };

/**
 * A platform that gives the listed answers to probes, one after the other, and repeats the last
 * one.
 */
function asked(platform: ScriptedIssuer, clock: ManualClock, answers: Answer[]) {
  const made: number[] = [];
  const probe = async (): Promise<"alive" | "dead" | "unknown"> => {
    made.push(clock.monotonicMs());
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? "unknown";
    if (answer === "silence") return new Promise(() => {});
    if (typeof answer === "string") return answer;
    await new Promise<void>((resolve) => void clock.setTimer(answer.afterMs, resolve));
    return answer.says;
  };
  return { made, issuer: { ...platform, probe } };
}

describe("a probe of a credential that was refused", () => {
  it.each<[string, Answer[], number]>([
    ["says nothing", ["unknown", "unknown", "alive"], 500],
    ["does not come", ["silence", "alive"], 1_500],
    [
      "comes late, and later ones do not come",
      [{ afterMs: 2_500, says: "alive" }, "silence"],
      2_600,
    ],
  ])(
    "is sent again if the answer %s, before the credential is given up",
    async (_, answers, ms) => {
      const { clock, node, platform } = fleet();
      const one = node({ issuer: asked(platform, clock, answers).issuer });
      const secret = await within(clock, 2_000, one.get());
      expect(await within(clock, ms, one.reject(secret))).toEqual({ replaced: false });
      expect(platform.issues).toHaveLength(1);
    },
  );

  it("is sent three times at most, within the time of a single one", async () => {
    const { clock, node, platform } = fleet();
    const { issuer, made } = asked(platform, clock, ["silence"]);
    const one = node({ issuer });
    const secret = await within(clock, 2_000, one.get());
    expect(await within(clock, 3_300, one.reject(secret))).toMatchObject({ replaced: true });
    expect(made).toHaveLength(3);
  });

  it("ends with the first answer that is alive or dead", async () => {
    const { clock, node, platform } = fleet();
    const { issuer, made } = asked(platform, clock, ["unknown", "dead", "alive"]);
    const one = node({ issuer });
    const secret = await within(clock, 2_000, one.get());
    platform.revoke(secret.reveal());
    expect(await within(clock, 1_000, one.reject(secret))).toMatchObject({ replaced: true });
    expect(made).toHaveLength(2);
  });

  it("is sent again before a second request for a credential", async () => {
    const { clock, node, platform } = fleet();
    const one = node({
      issuer: asked(platform, clock, ["unknown", "unknown", "unknown", "alive"]).issuer,
    });
    const secret = await within(clock, 2_000, one.get());
    platform.script({ outcome: "unknown-unprocessed" });
    expect(await within(clock, 20_000, one.reject(secret))).toEqual({ replaced: false });
    expect(platform.issues).toHaveLength(2);
    expect(one.peek()).toBe(secret);
  });

  it("takes the credential out of use if the probe before the second request says dead", async () => {
    const { clock, node, platform } = fleet();
    const one = node({
      issuer: asked(platform, clock, ["unknown", "unknown", "unknown", "dead"]).issuer,
    });
    const secret = await within(clock, 2_000, one.get());
    platform.revoke(secret.reveal());
    platform.script({ outcome: "unknown-unprocessed" }, { requestMs: 1_000 });
    const report = one.reject(secret);
    await clock.advance(2_500);
    expect(one.peek()).toBeUndefined();
    const answer = await within(clock, 20_000, report);
    expect(answer.replaced && platform.alive(answer.secret)).toBe(true);
  });
});

describe("a report of another node", () => {
  /** A consumer whose probes are never answered reports to the owner. */
  async function judgedWith(answers: Answer[]) {
    const { clock, node, platform } = fleet();
    const owned = asked(platform, clock, answers);
    const owner = node({ issuer: owned.issuer });
    const consumer = node({ role: "consumer", issuer: asked(platform, clock, ["unknown"]).issuer });
    const secret = await within(clock, 2_000, owner.get());
    await within(clock, 2_000, consumer.get());
    const report = consumer.reject(secret);
    report.catch(() => {});
    return { clock, platform, report, made: owned.made };
  }

  it("is not believed after one unanswered probe", async () => {
    const { clock, platform, report } = await judgedWith([
      "unknown",
      "unknown",
      "unknown",
      "alive",
    ]);
    expect(await within(clock, 20_000, report)).toEqual({ replaced: false });
    expect(platform.issues).toHaveLength(1);
  });

  it("is believed when no probe is answered", async () => {
    const { clock, platform, report } = await judgedWith(["unknown"]);
    expect(await within(clock, 20_000, report)).toMatchObject({ replaced: true });
    expect(platform.issues).toHaveLength(2);
  });

  it("is left to the node that has written an intent because of it", async () => {
    const { clock, node, platform } = fleet({ latencyMs: 5_000 });
    const others = Array.from({ length: 10 }, () => asked(platform, clock, ["unknown"]));
    const one = node({ issuer: asked(platform, clock, ["unknown"]).issuer });
    const secret = await within(clock, 6_000, one.get());
    await within(clock, 2_000, Promise.all(others.map(({ issuer }) => node({ issuer }).get())));
    await clock.advance(1_000);
    expect(await within(clock, 10_000, one.reject(secret))).toMatchObject({ replaced: true });
    await clock.advance(60_000);
    expect(others.map(({ made }) => made.length)).toEqual(others.map(() => 0));
    expect(platform.issues).toHaveLength(2);
  });
});

describe("a report of another node that a probe refutes while the store refuses to record that", () => {
  it("is not believed if the platform does not answer later", async () => {
    const { clock, node, platform } = fleet();
    const consumer = node({ role: "consumer", issuer: asked(platform, clock, ["unknown"]).issuer });
    const owner = node({
      issuer: asked(platform, clock, ["alive", "unknown", "unknown", "unknown", "alive"]).issuer,
    });
    await within(clock, 2_000, owner.get());
    const secret = await within(clock, 2_000, consumer.get());
    owner.faults.refusesWrites = "readonly";
    consumer.reject(secret).catch(() => {});
    await clock.advance(2_000);
    owner.faults.refusesWrites = undefined;
    await clock.advance(30_000);
    expect(platform.issues).toHaveLength(1);
  });
});
