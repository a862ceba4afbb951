import { expect, it } from "vitest";
import { fleet, within } from "./fleet.fixture.ts";

it("after a consumer found a stable credential dead, the first request for another one is not forced", async () => {
  const policy = { kind: "stable", renewWithinMs: 300_000 } as const;
  const quota = { perDay: 500_000, dayOffsetMs: 0, forced: { perDay: 20, gapMs: 30_000 } };
  const { clock, document, node, platform } = fleet({ policy, probes: true, quota });
  const consumer = node({ role: "consumer" });
  const owner = node({ keepAlive: true });
  await within(clock, 2_000, Promise.all([owner.get(), consumer.get()]));
  // Another system forces a new one. The platform returns that one without force.
  platform.issueElsewhere();
  platform.revoke(owner.peek()!.reveal());
  const replaced = consumer.reject(consumer.peek()!);
  await clock.advance(100);
  expect((await document())?.suspect).toMatchObject({ dead: true });
  expect(await within(clock, 10_000, replaced)).toMatchObject({ replaced: true });
  expect(platform.issues.map(({ forced }) => forced)).toEqual([false, false]);
});
