/** An operator resets the counters of a component. */
import { expect, test } from "vitest";
import { platformWorld, tenantAppId } from "./platform-world.fixture.ts";

const path = "/cgi-bin/component/clear_quota/v2";

test("an operator clears the counters of a component or of an account without a token, ten times a month each", async () => {
  const world = platformWorld();
  const node = world.node("a");
  await world.pushTo(node);
  await world.during(node.credential.get());
  expect(node.credential.status().quota.used).toBe(1);
  await world.during(node.clearQuota());
  expect(node.credential.status().quota.used).toBe(0);
  for (let clear = 1; clear < 10; clear += 1) await world.during(node.clearQuota());
  await expect(world.during(node.clearQuota())).rejects.toMatchObject({
    code: "PLATFORM_REFUSED",
    errcode: 48006,
  });
  await expect(world.during(node.clearQuota({ appId: tenantAppId }))).rejects.toMatchObject({
    errcode: 61003,
  });
  const codes = world.simulator.log.entries({ endpoint: path }).map(({ code }) => code);
  expect(codes).toEqual([...Array.from({ length: 10 }, () => 0), 48006, 61003]);
});
