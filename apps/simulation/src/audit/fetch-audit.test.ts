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
  it("finds two that are under way at once, unless something befell the first one's process", () => {
    const audit = new FetchAudit({ perDay: 10 });
    expect(audit.sent(fetchAt(0, "a"), undisturbed)).toEqual([]);
    expect(audit.sent(fetchAt(100, "b"), undisturbed)).toMatchObject([{ promise: "I3" }]);
    expect(audit.sent(fetchAt(200, "c"), () => true)).toEqual([]);
  });

  it("finds a second issue for one generation", () => {
    const audit = new FetchAudit({ perDay: 10 });
    audit.sent(fetchAt(0, "a", { endedAtMs: 100, outcome: "issued" }), undisturbed);
    expect(audit.sent(fetchAt(20_000, "a"), undisturbed)).toMatchObject([{ promise: "1" }]);
  });

  it("finds no fault with a request after one that brought the same token again", () => {
    const audit = new FetchAudit({ perDay: 10 });
    audit.sent(fetchAt(0, "a", { endedAtMs: 100, outcome: "issued", token: "a" }), undisturbed);
    expect(audit.sent(fetchAt(20_000, "a"), undisturbed)).toEqual([]);
  });

  it("finds a process that asks again with the secret that was refused for good", () => {
    const audit = new FetchAudit({ perDay: 10 });
    audit.sent(fetchAt(0, "a", { endedAtMs: 100, outcome: "fatal", secret: "old" }), undisturbed);
    expect(
      audit.sent(fetchAt(20_000, "a", { endedAtMs: 20_100, secret: "new" }), undisturbed),
    ).toEqual([]);
    expect(audit.sent(fetchAt(40_000, "a", { secret: "old" }), undisturbed)).toMatchObject([
      { promise: "I15" },
    ]);
  });

  it("finds a day with more fetches than the ledger allows, and forgives those that the store forgot", () => {
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

  it("leaves nothing for a refusal once a tenth of it is spent, until one is earned again", () => {
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

  it("is not what an ample one or a planned request has", () => {
    const small = new FetchAudit({ perDay: 40 });
    const ample = new FetchAudit({ perDay: 2_000 });
    for (let sent = 0; sent < 300; sent += 1) {
      expect(small.usedUpBy(requestAt(atMs, "advisory"))).toEqual([]);
      expect(ample.usedUpBy(requestAt(atMs))).toEqual([]);
    }
  });
});
