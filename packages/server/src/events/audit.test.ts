/** Attempts to hide an action in the audit. */
import { afterEach, expect, test } from "vitest";
import { ref, serverWorld } from "../server-world.fixture.ts";
import type { ServerWorld } from "../server-world.fixture.ts";

const worlds: ServerWorld[] = [];
const one = `/v1/credentials/${encodeURIComponent(ref)}`;

afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()));
});

test("a caller cannot push others out of the audit with error codes or frequent requests", async () => {
  const world = serverWorld();
  worlds.push(world);
  const key = await world.key({ perSecond: 10_000 });
  const admin = await world.key({ rights: ["read", "admin"], refs: ["*"] });
  const replica = world.replica();
  const { fingerprint } = (await (await replica.ask(one, { key })).json()) as {
    readonly fingerprint: string;
  };
  for (let n = 0; n < 100; n += 1) {
    const json = { fingerprint, code: String(n) };
    await replica.ask(`${one}/rejections`, { key, json });
    await replica.ask(one, { key });
    await world.clock.advance(1_000);
  }
  await world.clock.advance(120_000);
  const { entries } = (await (await replica.ask("/v1/audit", { key: admin })).json()) as {
    readonly entries: readonly { readonly event: { readonly count?: number } }[];
  };
  const counts = entries.map(({ event }) => event.count ?? 0);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(301);
  expect(counts.length).toBeLessThan(12);
});
