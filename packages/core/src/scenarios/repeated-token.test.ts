import { describe, expect, it } from "vitest";
import { answering, fleet, within } from "./fleet.fixture.ts";

const hourMs = 3_600_000;

describe("a token that the platform returns again", () => {
  it("keeps its generation and its identity on every node, and no node reports a new token", async () => {
    const { clock, node, platform, document } = fleet({
      policy: { kind: "stable", renewWithinMs: 300_000 },
    });
    const [one, two] = [node(), node()];
    const [first] = await within(clock, 2_000, Promise.all([one.get(), two.get()]));
    const expiresAtMs = (await document())?.credential?.expiresAtMs ?? 0;
    for (let turn = 0; turn < 2; turn += 1) {
      await clock.advance(60_000);
      expect(await within(clock, 2_000, one.refresh())).toBe(first);
    }
    await clock.advance(1_000);
    expect(platform.issues).toHaveLength(3);
    expect((await document())?.credential).toMatchObject({
      generation: 1,
      fingerprint: first.fingerprint,
    });
    // The platform's answer stated the remaining lifetime.
    expect((await document())?.credential?.expiresAtMs).toBeLessThanOrEqual(expiresAtMs + 200);
    for (const each of [one, two])
      expect(each.status()).toMatchObject({
        generation: 1,
        fingerprint: first.fingerprint.slice(0, 8),
      });
    expect(
      one.events.flatMap((event) => (event.type === "refreshed" ? event.unchanged : [])),
    ).toEqual([false, true, true]);
    expect([...one.typesOf(), ...two.typesOf()]).not.toContain("retired");
  });

  it("costs at most two fetches a lifetime, and the generation counts the tokens, not the fetches", async () => {
    const { clock, node, platform, document } = fleet({
      policy: { kind: "stable", renewWithinMs: 300_000 },
    });
    const nodes = [node(), node(), node()];
    await within(clock, 2_000, Promise.all(nodes.map((each) => each.get())));
    for (let lifetime = 1; lifetime <= 5; lifetime += 1) {
      const before = platform.issues.length;
      // An operator forces one refresh in each lifetime, and gets the same token.
      await clock.advance(hourMs);
      await within(clock, 2_000, nodes[0]!.refresh());
      await clock.advance(hourMs);
      expect(platform.issues.length - before).toBeLessThanOrEqual(2);
    }
    const tokens = new Set(platform.issues.map(({ secret }) => secret)).size;
    expect(tokens).toBeLessThan(platform.issues.length);
    expect((await document())?.credential?.generation).toBe(tokens);
  });

  it.each([1, 199])(
    "in its last %i ms fails no call, because callers wait for the next token",
    async (leftMs) => {
      const { clock, node, platform } = fleet({ policy: { kind: "sliding" } });
      let asked = 0;
      const issuer = answering(platform, (issued) => {
        asked += 1;
        return asked === 1 ? { ...issued, expiresInMs: leftMs } : issued;
      });
      const secret = await within(clock, leftMs + 1_000, node({ issuer }).get());
      expect([asked, platform.alive(secret)]).toEqual([2, true]);
    },
  );
});
