/** When a node that was refused, or has no network, asks the platform again. */
import { describe, expect, it } from "vitest";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { IssueError } from "../errors.ts";
import { contextFrom } from "../fleet/context.ts";
import { LocalCopy } from "../fleet/local-copy.ts";
import { StoreClock } from "../fleet/store-clock.ts";
import { neverAsked } from "../scenarios/fleet.fixture.ts";
import { emptyState, type State } from "../state/state.ts";
import { stateWith, storedCredential } from "../state/state.fixture.ts";
import { manualClock, seededRandom, simulatedStore } from "../testing/index.ts";

function bench() {
  const clock = manualClock();
  const random = seededRandom("breaker");
  const store = simulatedStore({ clock, random });
  const drawn = { next: 0, revision: "1" as string | undefined };
  const context = contextFrom({
    issuer: { ...neverAsked, revision: () => drawn.revision as string },
    cache: store.cache(),
    lock: store.lock(),
    environment: "production",
    clock,
    random: { ...random, next: () => drawn.next },
  });
  const storeClock = new StoreClock(clock, context.bus);
  const local = new LocalCopy(context, storeClock, { onLocalChange: () => {} });
  return {
    clock,
    drawn,
    local,
    storeClock,
    breaker: new CircuitBreaker({ context, storeClock, local }),
  };
}

const fatal = (options: ConstructorParameters<typeof IssueError>[2] = {}): IssueError =>
  new IssueError("fatal", "The AppSecret is wrong.", options);
const unsent = new IssueError("unsent", "No route.");
const minuteMs = 60_000;

describe("a node whose request was refused for good", () => {
  it("gives its callers an error with the refusal, its code and the time of the next try", async () => {
    const { breaker, clock } = bench();
    breaker.trip(fatal({ platformCode: "40125" }));
    await clock.advance(500);
    expect(breaker.callerError("cold")).toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      reason: "refused",
      retryable: false,
      retryAfterMs: 59_500,
      cause: { outcome: "fatal", platformCode: "40125" },
      message:
        'The platform refuses to issue "test" until a person mends the cause (code 40125): The AppSecret is wrong. Lingpai tries again by itself in 60 s.',
    });
    breaker.trip(fatal());
    expect(breaker.callerError("cold")?.message).toContain("(code ISSUE_REFUSED)");
  });

  it("tries again after a minute, and at once for an operator", async () => {
    const { breaker, clock } = bench();
    breaker.trip(fatal());
    expect(breaker.callerError("manual")).toBeUndefined();
    expect(breaker.nextTryMs).toBe(clock.monotonicMs() + minuteMs);
    await clock.advance(minuteMs - 1);
    expect(breaker.callerError("cold")).toMatchObject({ retryAfterMs: 1 });
    await clock.advance(1);
    expect([breaker.callerError("cold"), breaker.error]).toEqual([undefined, undefined]);
    expect(breaker.isRefused).toBe(true);
  });

  it("tries every 7 to 8.5 minutes after the second refusal", () => {
    const { breaker, clock, drawn } = bench();
    const waitMs = (): number => breaker.nextTryMs - clock.monotonicMs();
    breaker.trip(fatal());
    breaker.trip(fatal());
    expect(waitMs()).toBe(7 * minuteMs);
    drawn.next = 0.5;
    breaker.trip(fatal());
    expect(waitMs()).toBe(7.75 * minuteMs);
    breaker.trip(fatal({ retryAfterMs: 5_000 }));
    expect(waitMs()).toBe(5_000);
    breaker.trip(fatal({ retryAfterMs: 86_400_000 }));
    expect(waitMs()).toBe(8.5 * minuteMs);
  });

  it.each(["configuration", "credential"] as const)(
    "tries within a second with another %s, and restarts its count of refusals",
    async (other) => {
      const { breaker, clock, drawn, local, storeClock } = bench();
      breaker.trip(fatal());
      breaker.trip(fatal());
      const sentAtMs = storeClock.nowMs();
      if (other === "configuration") drawn.revision = "2";
      else local.updateState(stateWith({ credential: storedCredential("T2", { sentAtMs }) }));
      await clock.advance(1_000);
      expect(breaker.callerError("cold")).toBeUndefined();
      expect(breaker.isRefused).toBe(false);
      expect(breaker.nextTryMs).toBe(Number.NEGATIVE_INFINITY);
      breaker.trip(fatal());
      expect(breaker.nextTryMs).toBe(clock.monotonicMs() + minuteMs);
    },
  );

  it("still waits when another node stores late what it requested before the refusal", () => {
    const { breaker, clock, local, storeClock } = bench();
    breaker.trip(fatal());
    const sentAtMs = storeClock.nowMs() - 1;
    local.updateState(stateWith({ credential: storedCredential("T2", { sentAtMs }) }));
    expect(breaker.nextTryMs).toBe(clock.monotonicMs() + minuteMs);
    breaker.trip(fatal());
    expect(breaker.nextTryMs).toBe(clock.monotonicMs() + 7 * minuteMs);
  });

  it("tries at once with what an operator stored, however old that is", () => {
    const { breaker, local, storeClock } = bench();
    breaker.trip(fatal());
    const credential = storedCredential("T2", {
      sentAtMs: storeClock.nowMs() - minuteMs,
      by: { node: "n1", environment: "test", reason: "manual" },
    });
    local.updateState(stateWith({ credential }));
    expect(breaker.isRefused).toBe(false);
  });

  it("is not sure that the fleet's refusal concerns it while its configuration is unknown", async () => {
    const { breaker, clock, drawn } = bench();
    expect(breaker.isUnsure).toBe(false);
    drawn.revision = "";
    await clock.advance(1_000);
    expect(breaker.isUnsure).toBe(true);
    drawn.revision = undefined;
    expect(breaker.isUnsure).toBe(false);
  });
});

describe("a node of a fleet that was refused for good", () => {
  const refused = (atMs: number, nextMs: number): State => ({
    ...emptyState,
    refusal: { code: "40125", node: "other", atMs, nextMs, count: 1 },
  });

  it("names the node that was refused, and waits as long as the fleet does", () => {
    const { breaker, clock, local, storeClock } = bench();
    const nowMs = storeClock.nowMs();
    local.updateState(refused(nowMs, nowMs + 30_000));
    expect(breaker.nextTryMs).toBe(clock.monotonicMs() + 30_000);
    expect(breaker.callerError("cold")).toMatchObject({
      retryAfterMs: 30_000,
      cause: { outcome: "fatal", platformCode: "40125", code: "ISSUE_REFUSED" },
      message: expect.stringContaining(
        'the node "other" asked for the whole fleet and was refused; its log has the platform\'s words.',
      ),
    });
  });

  it.each([
    [30_000, minuteMs],
    [90_000, 90_000],
  ])(
    "keeps its own error and waits for the later of both times, if it was refused too: %s",
    (fleetMs, waitMs) => {
      const { breaker, clock, local, storeClock } = bench();
      const nowMs = storeClock.nowMs();
      local.updateState(refused(nowMs, nowMs + fleetMs));
      breaker.trip(fatal());
      expect(breaker.nextTryMs).toBe(clock.monotonicMs() + waitMs);
      expect(breaker.error?.message).toBe("The AppSecret is wrong.");
    },
  );
});

describe("a node whose requests never leave", () => {
  it("doubles its pause each time, up to a minute, with jitter of a quarter", async () => {
    const { breaker, clock, drawn, storeClock } = bench();
    const waits: number[] = [];
    for (let turn = 0; turn < 40; turn += 1) {
      breaker.trip(unsent);
      waits.push((breaker.backOff("cold")?.untilMs ?? 0) - storeClock.nowMs());
      await clock.advance(10);
    }
    expect(waits.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => 750 * seconds));
    expect(waits.at(-1)).toBe(45_000);
    drawn.next = 0.5;
    breaker.trip(unsent);
    expect(breaker.backOff("cold")).toEqual({
      why: "back-off",
      untilMs: storeClock.nowMs() + minuteMs,
    });
  });

  it("tries again when the time is over, and at once for an operator", async () => {
    const { breaker, clock } = bench();
    expect(breaker.backOff("cold")).toBeUndefined();
    breaker.trip(unsent);
    expect(breaker.isRefused).toBe(false);
    expect(breaker.backOff("manual")).toBeUndefined();
    await clock.advance(749);
    expect(breaker.backOff("cold")).toBeDefined();
    await clock.advance(1);
    expect(breaker.backOff("cold")).toBeUndefined();
  });

  it("keeps no pause of its own after a refused request", () => {
    const { breaker } = bench();
    for (const outcome of ["busy", "fatal", "unknown", "parent"] as const)
      breaker.trip(new IssueError(outcome, "refused"));
    expect(breaker.backOff("cold")).toBeUndefined();
  });
});

it("a refresh that succeeded ends every pause and resets the counts", () => {
  const { breaker, clock, storeClock } = bench();
  for (let turn = 0; turn < 3; turn += 1) {
    breaker.trip(fatal());
    breaker.trip(unsent);
  }
  breaker.reset();
  expect(breaker.isRefused).toBe(false);
  expect(breaker.backOff("cold")).toBeUndefined();
  breaker.trip(fatal());
  breaker.trip(unsent);
  expect(breaker.nextTryMs).toBe(clock.monotonicMs() + minuteMs);
  expect(breaker.backOff("cold")?.untilMs).toBe(storeClock.nowMs() + 750);
});
