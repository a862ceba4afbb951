import { Secret } from "@lingpai/core";
import { describe, expect, it } from "vitest";
import { FetchAudit } from "./fetch-audit.ts";
import { Process } from "../world/process.ts";
import type { Fetch } from "../platform/wechat.ts";
import { World } from "../world/world.ts";

const process = new Process(new World(0, 1), { name: "node-1.1", wallOffsetMs: 0, bootedAtMs: 0 });

function fetchAt(sentAtMs: number, replaces: string, more: Partial<Fetch> = {}): Fetch {
  const current = { secret: new Secret(replaces, replaces), nextInput: undefined };
  return {
    number: sentAtMs,
    process,
    request: { reason: "advisory", current, forced: false },
    secret: "",
    sentAtMs,
    willBeProcessedAtMs: sentAtMs + 50,
    ...more,
  };
}

const undisturbed = (): boolean => false;

describe("the audit of requests", () => {
  it("reports two requests in flight at once, unless a fault hit the first one's process", () => {
    const audit = new FetchAudit({ perDay: 10 });
    expect(audit.sent(fetchAt(0, "a"), undisturbed)).toEqual([]);
    expect(audit.sent(fetchAt(100, "b"), undisturbed)).toMatchObject([{ promise: "I3" }]);
    expect(audit.sent(fetchAt(200, "c"), () => true)).toEqual([]);
  });

  it("reports a second request that replaces the same credential", () => {
    const audit = new FetchAudit({ perDay: 10 });
    audit.sent(fetchAt(0, "a", { endedAtMs: 100, outcome: "issued" }), undisturbed);
    expect(audit.sent(fetchAt(20_000, "a"), undisturbed)).toMatchObject([{ promise: "1" }]);
  });

  it("accepts a request after one that returned the same token", () => {
    const audit = new FetchAudit({ perDay: 10 });
    audit.sent(fetchAt(0, "a", { endedAtMs: 100, outcome: "issued", token: "a" }), undisturbed);
    expect(audit.sent(fetchAt(20_000, "a"), undisturbed)).toEqual([]);
  });

  it("accepts a repeated request after another one has ended with a credential", () => {
    const audit = new FetchAudit({ perDay: 10 });
    const reported = (fetch: Fetch) => audit.sent(fetch, undisturbed).map(({ promise }) => promise);
    audit.sent(fetchAt(0, "a", { endedAtMs: 100, outcome: "fatal" }), undisturbed);
    audit.sent(fetchAt(10_000, "b", { endedAtMs: 10_100, outcome: "issued" }), undisturbed);
    expect(reported(fetchAt(10_050, "c", { endedAtMs: 10_060 }))).toEqual(["I15"]);
    expect(reported(fetchAt(20_000, "d"))).toEqual([]);
  });

  it("reports a process that soon repeats a request with a refused AppSecret", () => {
    const audit = new FetchAudit({ perDay: 10 });
    audit.sent(fetchAt(0, "a", { endedAtMs: 100, outcome: "fatal", secret: "old" }), undisturbed);
    expect(
      audit.sent(fetchAt(20_000, "a", { endedAtMs: 20_100, secret: "new" }), undisturbed),
    ).toEqual([]);
    expect(audit.sent(fetchAt(40_000, "a", { secret: "old" }), undisturbed)).toMatchObject([
      { promise: "I15" },
    ]);
  });

  it("reports a day with too many fetches, not counting those that the store lost", () => {
    const audit = new FetchAudit({ perDay: 2 });
    for (const processedAtMs of [1, 2, 3]) audit.processed(fetchAt(0, "a", { processedAtMs }));
    expect(audit.summary()).toMatchObject([{ promise: "6" }]);
    audit.lostWrites(1);
    expect(audit.summary()).toEqual([]);
  });
});

describe("a small quota", () => {
  const name = "small quota's budget for refusals spent";
  const requestAt = (sentAtMs: number, reason: "rejected" | "advisory" = "rejected") =>
    ({ request: { reason, forced: false, current: undefined }, sentAtMs }) as const;
  const hourMs = 3_600_000;
  const atMs = 100 * 24 * hourMs;

  it("has no fetch left for a refusal once a tenth is used, until its budget refills", () => {
    const audit = new FetchAudit({ perDay: 40 });
    const spent = [0, 1, 2, 3, 4].map(() => audit.usedUpBy(requestAt(atMs)));
    expect(spent).toEqual([
      [],
      [],
      [],
      [{ name, forMs: 1.2 * hourMs }],
      [{ name, forMs: 2.4 * hourMs }],
    ]);
    expect(audit.usedUpBy(requestAt(atMs + 7 * hourMs))).toEqual([]);
  });

  it("has that limit for refusals only, and an ample quota has none", () => {
    const small = new FetchAudit({ perDay: 40 });
    const ample = new FetchAudit({ perDay: 2_000 });
    for (let sent = 0; sent < 300; sent += 1) {
      expect(small.usedUpBy(requestAt(atMs, "advisory"))).toEqual([]);
      expect(ample.usedUpBy(requestAt(atMs))).toEqual([]);
    }
  });
});
