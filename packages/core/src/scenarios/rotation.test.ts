import { describe, expect, it } from "vitest";
import { IssueError } from "../errors.ts";
import { revealed } from "../secret.ts";
import type { ScriptedIssuerOptions } from "../testing/index.ts";
import { fleet, within, type Fleet } from "./fleet.fixture.ts";

const lifetimeMs = 7_200_000;

function rotating({
  overlapMs = 300_000,
  ...options
}: Partial<ScriptedIssuerOptions> & { overlapMs?: number; inputGraceMs?: number } = {}): Fleet {
  const { inputGraceMs, ...rest } = options;
  return fleet({
    policy: { kind: "rotate", overlapMs, ...(inputGraceMs === undefined ? {} : { inputGraceMs }) },
    recovers: true,
    ...rest,
  });
}

/** Tokens that the platform issued without the issuer, as an authorisation does. */
async function authorise({
  platform,
}: Fleet): Promise<{ secret: string; expiresInMs: number; nextInput: string }> {
  const secret = platform.issueElsewhere();
  const nextInput = await platform.recover?.({
    signal: new AbortController().signal,
    parent: undefined,
  });
  return { secret, expiresInMs: lifetimeMs, nextInput: revealed(nextInput ?? "") };
}

const inputsOf = ({ platform }: Fleet): (string | undefined)[] =>
  platform.issues.map(({ input }) => input);

describe("a rotating credential", () => {
  it("hands out its seed on every node, without a fetch", async () => {
    const world = rotating();
    const issued = await authorise(world);
    const [a, b] = [world.node(), world.node()];
    expect((await within(world.clock, 1_000, a.seed(issued))).reveal()).toBe(issued.secret);
    expect((await within(world.clock, 1_000, b.get())).reveal()).toBe(issued.secret);
    expect(world.platform.issues).toHaveLength(0);
    expect((await world.document())?.credential).toMatchObject({
      generation: 1,
      secret: issued.secret,
      nextInput: issued.nextInput,
    });
  });

  it("sends each input once during days of normal operation", async () => {
    const world = rotating();
    const node = world.node();
    await within(world.clock, 1_000, node.seed(await authorise(world)));
    for (let hour = 0; hour < 48; hour += 1) {
      expect(world.platform.alive(await within(world.clock, 1_000, node.get()))).toBe(true);
      await world.clock.advance(3_600_000);
    }
    const inputs = inputsOf(world);
    expect(inputs.length).toBeGreaterThan(20);
    expect(new Set(inputs).size).toBe(inputs.length);
    await node.close();
  });

  it("asks the platform for the input when the store has none", async () => {
    const world = rotating();
    const { nextInput } = await authorise(world);
    expect(world.platform.alive(await within(world.clock, 5_000, world.node().get()))).toBe(true);
    expect([world.platform.recoveries, inputsOf(world)]).toEqual([2, [nextInput]]);
  });

  it("sends an input again within its grace when the outcome is unknown", async () => {
    const world = rotating();
    const node = world.node();
    const issued = await authorise(world);
    await within(world.clock, 1_000, node.seed(issued));
    world.platform.script("unknown-processed");
    await within(world.clock, 40_000, node.refresh());
    expect(inputsOf(world)).toEqual([issued.nextInput, issued.nextInput]);
    expect(world.platform.recoveries).toBe(1);
    expect(world.platform.alive(await node.get())).toBe(true);
  });

  it.each(["unknown-processed", "unknown-unprocessed"] as const)(
    "without a grace, recovers its input after %s, once the request must have been processed",
    async (outcome) => {
      const world = rotating({ overlapMs: 0 });
      const node = world.node();
      await within(world.clock, 1_000, node.seed(await authorise(world)));
      world.platform.script(outcome);
      const sentAtMs = world.clock.monotonicMs();
      await within(world.clock, 40_000, node.refresh());
      expect(world.platform.recoveries).toBe(2);
      expect(world.platform.issues.map(({ input }) => input === undefined)).toEqual([false, false]);
      expect((world.platform.issues[1]?.sentAtMs ?? 0) - sentAtMs).toBeGreaterThanOrEqual(15_000);
      expect(world.platform.alive(await node.get())).toBe(true);
      if (outcome === "unknown-processed") expect(new Set(inputsOf(world)).size).toBe(2);
    },
  );

  it("remembers the input that the platform named, and never sends the earlier one again", async () => {
    const world = rotating({ overlapMs: 0 });
    const node = world.node({ parameters: { attemptsMax: 1 } });
    await within(world.clock, 1_000, node.seed(await authorise(world)));
    world.platform.script("unknown-processed", "unknown-processed", "unknown-processed");
    for (let time = 0; time < 4; time += 1) {
      await within(world.clock, 25_000, node.refresh()).catch(() => {});
      await world.clock.advance(60_000);
    }
    const inputs = inputsOf(world);
    expect(inputs.length).toBeGreaterThanOrEqual(4);
    expect(new Set(inputs).size).toBe(inputs.length);
    expect(world.platform.alive(await within(world.clock, 25_000, node.get()))).toBe(true);
  });

  it("counts the grace from when the input was first sent", async () => {
    const world = rotating();
    const node = world.node();
    const issued = await authorise(world);
    await within(world.clock, 1_000, node.seed(issued));
    world.platform.script("unknown-processed");
    await within(world.clock, 20_000, node.refresh()).catch(() => {});
    world.platform.script("unknown-processed");
    await world.clock.advance(200_000);
    await within(world.clock, 25_000, node.refresh()).catch(() => {});
    await world.clock.advance(400_000);
    expect(world.platform.alive(await within(world.clock, 25_000, node.get()))).toBe(true);
    const graceful = world.platform.issues
      .filter(({ input }) => input === issued.nextInput)
      .map(({ sentAtMs }) => sentAtMs);
    expect(Math.max(...graceful) - Math.min(...graceful)).toBeLessThan(300_000);
    await node.close();
  });

  it("is unavailable and sends nothing when every known input was sent", async () => {
    const world = rotating({ overlapMs: 0, recovers: false });
    const node = world.node();
    await within(
      world.clock,
      1_000,
      node.seed({ secret: "token", expiresInMs: lifetimeMs, nextInput: "nextInput" }),
    );
    world.platform.script("unknown-unprocessed");
    await expect(within(world.clock, 60_000, node.refresh())).rejects.toThrow(/authorise again/);
    expect(inputsOf(world)).toEqual(["nextInput"]);
  });

  it("recovers under the same lease when the platform refuses the input that was stored", async () => {
    const world = rotating({ overlapMs: 0 });
    const node = world.node();
    await within(world.clock, 1_000, node.seed(await authorise(world)));
    world.platform.issueElsewhere();
    await within(world.clock, 5_000, node.refresh());
    expect(world.platform.issues).toHaveLength(2);
    expect(world.platform.alive(await node.get())).toBe(true);
    expect(node.typesOf()).not.toContain("refused-fatally");
  });

  it("gives up when the platform refuses the input that it named itself, until a seed serves every node again", async () => {
    const world = rotating();
    const [a, b] = [world.node(), world.node()];
    await within(world.clock, 1_000, a.seed(await authorise(world)));
    const issue = world.platform.issue;
    let refusals = 0;
    Object.assign(world.platform, {
      issue: async () => {
        refusals += 1;
        throw new IssueError("input", "Not this one.", { platformCode: "61023" });
      },
    });
    const stored = await within(world.clock, 1_000, Promise.all([a.get(), b.get()]));
    for (const [index, node] of [a, b].entries()) {
      await expect(within(world.clock, 25_000, node.reject(stored[index]!))).rejects.toMatchObject({
        code: "CREDENTIAL_UNAVAILABLE",
      });
    }
    // One of the reports was for both.
    expect(
      [...a.typesOf(), ...b.typesOf()].filter((type) => type === "refused-fatally"),
    ).toHaveLength(1);
    expect(refusals).toBe(1);
    Object.assign(world.platform, { issue });
    await within(world.clock, 1_000, a.seed(await authorise(world)));
    await world.clock.advance(1_000);
    await a.close();
    await world.clock.advance(lifetimeMs + 60_000);
    expect(world.platform.alive(await within(world.clock, 25_000, b.get()))).toBe(true);
    await b.close();
  });

  it("is not handed out before the next input is stored, and the old input is never sent again", async () => {
    const world = rotating({ overlapMs: 0 });
    const node = world.node();
    const { secret, nextInput } = await within(world.clock, 1_000, authorise(world));
    await within(world.clock, 1_000, node.seed({ secret, expiresInMs: lifetimeMs, nextInput }));
    const refreshed = node.refresh();
    await world.clock.advance(100);
    node.faults.unreachable = true;
    await world.clock.advance(2_000);
    expect(world.platform.issues).toHaveLength(1);
    expect(node.peek()?.reveal()).toBe(secret);
    node.faults.unreachable = false;
    expect((await within(world.clock, 15_000, refreshed)).reveal()).toBe(world.platform.latest);
    expect(inputsOf(world)).toEqual([nextInput]);
    expect((await world.document())?.credential?.secret).toBe(world.platform.latest);
  });

  it("that was refused is replaced with one request as soon as the new input is stored", async () => {
    const world = rotating();
    const node = world.node();
    const issued = await authorise(world);
    await within(world.clock, 1_000, node.seed(issued));
    await world.clock.advance(60_000);
    const replaced = node.reject(issued.secret);
    await world.clock.advance(100);
    node.faults.unreachable = true;
    await world.clock.advance(13_000);
    expect(node.peek()).toBeUndefined();
    node.faults.unreachable = false;
    await within(world.clock, 15_000, replaced);
    expect(inputsOf(world)).toEqual([issued.nextInput]);
    expect(node.peek()?.reveal()).toBe(world.platform.latest);
  });

  it("backs off if the recovery of its input is not answered, and leaves no doubt because that issues nothing", async () => {
    const world = rotating();
    const node = world.node();
    await authorise(world);
    const recover = world.platform.recover;
    let asked = 0;
    const silent = async (): Promise<never> => {
      asked += 1;
      throw new IssueError("unknown", "No answer.");
    };
    Object.assign(world.platform, { recover: silent });
    for (let call = 0; call < 5; call += 1)
      await within(world.clock, 25_000, node.get()).catch(() => {});
    const document = await world.document();
    expect(document).toMatchObject({ inFlightUntilMs: 0, failures: expect.any(Number) });
    expect(document).not.toHaveProperty("doubtSinceMs");
    expect(asked).toBeLessThanOrEqual(12);
    Object.assign(world.platform, { recover });
    await world.clock.advance(60_000);
    expect(world.platform.alive(await within(world.clock, 25_000, node.get()))).toBe(true);
  });

  it("reconciles when it is seeded while a refresh is in flight", async () => {
    const world = rotating();
    const [a, b] = [world.node(), world.node()];
    await within(world.clock, 1_000, a.seed(await authorise(world)));
    world.platform.script({ requestMs: 300, replyMs: 300 });
    const refreshed = a.refresh();
    await world.clock.advance(400);
    const again = await authorise(world);
    await within(world.clock, 100, b.seed(again));
    await within(world.clock, 2_000, refreshed);
    expect((await world.document())?.credential?.nextInput).toBe(again.nextInput);
    expect((await world.document())?.doubtSinceMs).toBeDefined();
    await world.clock.advance(240_000);
    expect((await world.document())?.doubtSinceMs).toBeUndefined();
    expect(world.platform.alive(await b.get())).toBe(true);
    await Promise.all([a.close(), b.close()]);
  });

  it("stores a seed once, however often the store's answer is lost", async () => {
    const world = rotating();
    const node = world.node();
    node.faults.next("set", "fail-after");
    await within(world.clock, 5_000, node.seed(await authorise(world)));
    expect((await world.document())?.credential?.generation).toBe(1);
  });

  it('is never issued without the store, even with standalone: "always"', async () => {
    const world = rotating();
    const node = world.node({ standalone: "always" });
    node.faults.unreachable = true;
    await expect(within(world.clock, 25_000, node.get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
    });
    expect(world.platform.issues).toHaveLength(0);
  });

  it("refuses to be seeded on a consumer", async () => {
    const world = rotating();
    await expect(
      world.node({ role: "consumer" }).seed(await authorise(world)),
    ).rejects.toMatchObject({ code: "CONFIGURATION" });
  });
});

describe("the quota of the day", () => {
  const quota = { perDay: 100, dayOffsetMs: 0 };

  it("accepts the count that an operator read from the platform, and a fleet that waited for the quota continues", async () => {
    const world = fleet({ quota });
    const node = world.node();
    world.platform.script("quota");
    await expect(within(world.clock, 25_000, node.get())).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
    });
    expect(node.status().quota.used).toBe(100);
    await node.reconcileQuota({ used: 40, remaining: 60 });
    expect(node.status().quota.used).toBe(40);
    expect(world.platform.alive(await within(world.clock, 5_000, node.get()))).toBe(true);
    expect(node.status().quota.used).toBe(41);
  });

  it.each([
    ["the platform grants less", { used: 5, remaining: 15 }, 85],
    ["the platform grants more", { used: 5, remaining: 995 }, 5],
    ["nothing is left", { used: 20, remaining: 0 }, 100],
  ])("counts each request that is sent when %s", async (_title, observed, used) => {
    const world = fleet({ quota });
    const node = world.node();
    await node.reconcileQuota(observed);
    expect(node.status().quota.used).toBe(used);
  });
});
