import { manualClock, seededRandom } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import { createSimulator } from "../simulator.ts";
import { messageKeys } from "../world.fixture.ts";
import { pushChaos } from "./push-chaos.ts";
import type { Push } from "./push.ts";

const appId = "wxcomponent";

test("a seed decides which messages come twice or in odd forms, and all keep their content", () => {
  const clock = manualClock();
  const simulator = createSimulator({
    clock,
    random: seededRandom(1),
    components: [{ appId, secret: "s", ...messageKeys }],
  });
  const push = simulator.openPlatform.pushTicket(appId);
  const sealed: string[] = [];
  const seal = (text: string, more?: { readonly format: "xml" | "json" }): Push => {
    sealed.push(text);
    return simulator.openPlatform.push(appId, text, more);
  };
  const drawn = (seed: number, rate: number): readonly (readonly Push[])[] => {
    const deliveries = pushChaos({ random: seededRandom(seed), rate, seal });
    return Array.from({ length: 100 }, () => deliveries(push));
  };
  const all = drawn(1, 1);
  expect(all.some((each) => each.length === 2 && each[0]?.body === each[1]?.body)).toBe(true);
  expect(all.some((each) => each.length === 2 && each[0]?.body !== each[1]?.body)).toBe(true);
  expect(all.some(([each]) => each?.body.startsWith("{") === true)).toBe(true);
  for (const form of [" <![CDATA[", "<info>", "<!-- 1 -->"])
    expect(sealed.some((text) => text.includes(form))).toBe(true);
  expect(drawn(1, 0)).toEqual(all.map(() => [push]));
  expect(drawn(2, 1).map((each) => each.length)).toEqual(drawn(2, 1).map((each) => each.length));
});
