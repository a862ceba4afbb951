import { describe, expect, it } from "vitest";
import { IssueError } from "../errors.ts";
import type { IssueRequest } from "../issuer.ts";
import { revealed, Secret } from "../secret.ts";
import { manualClock } from "./manual-clock.ts";
import { scriptedIssuer } from "./scripted-issuer.ts";

function request(change: Partial<IssueRequest> = {}): IssueRequest {
  return {
    signal: new AbortController().signal,
    reason: "cold",
    forced: false,
    current: undefined,
    parent: undefined,
    ...change,
  };
}

describe("scriptedIssuer", () => {
  it("lets only the newest two credentials live, the older one no longer than the overlap", async () => {
    const clock = manualClock();
    const issuer = scriptedIssuer({
      clock,
      policy: { kind: "supersede", overlapMs: 1000 },
    });
    const first = (await issuer.issue(request())).secret;
    const second = (await issuer.issue(request())).secret;
    expect([issuer.alive(first), issuer.alive(second)]).toEqual([true, true]);
    await clock.advance(999);
    expect(issuer.alive(first)).toBe(true);
    await clock.advance(1);
    expect([issuer.alive(first), issuer.alive(second)]).toEqual([false, true]);
    const third = issuer.issueElsewhere();
    const fourth = issuer.issueElsewhere();
    expect([second, third, fourth].map((secret) => issuer.alive(secret))).toEqual([
      false,
      true,
      true,
    ]);
    await clock.advance(7_200_000);
    expect(issuer.alive(fourth)).toBe(false);
  });

  it("kills the older credential at once without an overlap", async () => {
    const issuer = scriptedIssuer({
      clock: manualClock(),
      policy: { kind: "supersede", overlapMs: 0 },
    });
    const first = (await issuer.issue(request())).secret;
    await issuer.issue(request());
    expect(issuer.alive(first)).toBe(false);
  });

  it("returns a stable credential again until it nears its end, and both live on", async () => {
    const clock = manualClock();
    const issuer = scriptedIssuer({
      clock,
      lifetimeMs: 1000,
      policy: { kind: "stable", renewWithinMs: 100 },
    });
    const first = await issuer.issue(request());
    await clock.advance(900);
    expect(await issuer.issue(request())).toEqual({ secret: first.secret, expiresInMs: 100 });
    await clock.advance(1);
    const second = await issuer.issue(request());
    expect(second).toEqual({ secret: issuer.latest, expiresInMs: 1000 });
    expect([issuer.alive(first.secret), issuer.alive(second.secret)]).toEqual([true, true]);
    const third = await issuer.issue(request({ forced: true }));
    expect([issuer.alive(second.secret), issuer.alive(third.secret)]).toEqual([false, true]);
  });

  it("prolongs a sliding credential", async () => {
    const clock = manualClock();
    const issuer = scriptedIssuer({ clock, lifetimeMs: 1000, policy: { kind: "sliding" } });
    const { secret } = await issuer.issue(request());
    await clock.advance(900);
    expect(await issuer.issue(request())).toEqual({ secret, expiresInMs: 1000 });
    await clock.advance(900);
    expect(issuer.alive(secret)).toBe(true);
  });

  it("accepts the single-use input of a rotating credential once", async () => {
    const issuer = scriptedIssuer({
      clock: manualClock(),
      policy: { kind: "rotate", overlapMs: 0 },
      recovers: true,
    });
    const first = await issuer.issue(request());
    const input = new Secret(revealed(first.nextInput ?? ""), "c");
    const second = await issuer.issue(request({ input }));
    expect(second.nextInput).not.toBe(first.nextInput);
    await expect(issuer.issue(request({ input }))).rejects.toMatchObject({ outcome: "input" });
    expect([issuer.alive(first.secret), issuer.alive(second.secret)]).toEqual([false, true]);
    await expect(issuer.recover?.(request())).resolves.toBe(second.nextInput);
  });

  it("accepts a consumed input until its grace is over", async () => {
    const clock = manualClock();
    const issuer = scriptedIssuer({
      clock,
      policy: { kind: "rotate", overlapMs: 0, inputGraceMs: 1000 },
    });
    const input = new Secret(revealed((await issuer.issue(request())).nextInput ?? ""), "c");
    await issuer.issue(request({ input }));
    await clock.advance(999);
    await issuer.issue(request({ input }));
    await clock.advance(1);
    await expect(issuer.issue(request({ input }))).rejects.toMatchObject({ outcome: "input" });
  });

  it("follows its script, then issues", async () => {
    const issuer = scriptedIssuer({ clock: manualClock() });
    issuer.script(
      "busy",
      "unsent",
      { outcome: "fatal", platformCode: "40125" },
      "parent",
      { outcome: "quota", retryAfterMs: 5 },
      "unknown-unprocessed",
    );
    const outcomes: unknown[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const error = await issuer.issue(request()).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(IssueError);
      if (error instanceof IssueError)
        outcomes.push([error.outcome, error.platformCode, error.retryAfterMs]);
    }
    expect(outcomes).toEqual([
      ["busy", undefined, undefined],
      ["unsent", undefined, undefined],
      ["fatal", "40125", undefined],
      ["parent", undefined, undefined],
      ["quota", undefined, 5],
      ["unknown", undefined, undefined],
    ]);
    expect(issuer.latest).toBeUndefined();
    const { secret } = await issuer.issue(request());
    issuer.script("same");
    expect((await issuer.issue(request())).secret).toBe(secret);
  });

  it("issues although the answer is lost or the caller gave up", async () => {
    const clock = manualClock({ monotonicMs: 0 });
    const issuer = scriptedIssuer({ clock });
    issuer.script("unknown-processed", { requestMs: 5000 });
    await expect(issuer.issue(request())).rejects.toMatchObject({ outcome: "unknown" });
    expect(issuer.alive(issuer.issues[0]?.secret ?? "")).toBe(true);
    const caller = new AbortController();
    const slow = expect(issuer.issue(request({ signal: caller.signal }))).rejects.toMatchObject({
      outcome: "unknown",
    });
    await clock.advance(1000);
    caller.abort();
    await slow;
    expect(issuer.issues[1]).toMatchObject({ sentAtMs: 0, repliedAtMs: 1000 });
    await clock.advance(4000);
    expect(issuer.issues[1]).toMatchObject({ processedAtMs: 5000, secret: issuer.latest });
    expect(issuer.issues).toHaveLength(2);
  });

  it("delays requests and answers in the clock's time, and records the most requests that were in flight at once", async () => {
    const clock = manualClock({ monotonicMs: 0 });
    const issuer = scriptedIssuer({ clock, latencyMs: 100 });
    issuer.script({ replyMs: 50 });
    const both = Promise.all([
      issuer.issue(request()),
      issuer.issue(request({ reason: "manual", forced: true })),
    ]);
    await clock.advance(150);
    await both;
    expect(issuer.issues).toMatchObject([
      {
        reason: "cold",
        forced: false,
        outcome: "ok",
        sentAtMs: 0,
        processedAtMs: 100,
        repliedAtMs: 150,
      },
      { reason: "manual", forced: true, sentAtMs: 0, processedAtMs: 100, repliedAtMs: 100 },
    ]);
    expect(issuer.concurrencyMax).toBe(2);
    const refused = issuer.issue(request());
    await clock.advance(100);
    await refused;
    expect(issuer.concurrencyMax).toBe(2);
  });

  it("probes and revokes", async () => {
    const issuer = scriptedIssuer({ clock: manualClock(), probes: true });
    const secret = new Secret(revealed((await issuer.issue(request())).secret), "f");
    const { signal } = new AbortController();
    expect(await issuer.probe?.(secret, signal)).toBe("alive");
    issuer.revoke(secret.reveal());
    expect(await issuer.probe?.(secret, signal)).toBe("dead");
    expect(issuer.probesMade).toBe(2);
    expect("probe" in scriptedIssuer({ clock: manualClock() })).toBe(false);
  });
});
