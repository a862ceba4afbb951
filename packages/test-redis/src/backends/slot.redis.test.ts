import { startServer } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { slotOf } from "./slot.ts";

let server: Server;

beforeAll(async () => {
  server = await startServer({ config: ["cluster-enabled yes"] });
});

afterAll(() => server.stop());

test.each([
  "",
  "a",
  "123456789",
  "prod:{wx1}",
  "prod:{wx1}::lock",
  "{}a",
  "a{b",
  "a}b{c}d",
  "{{a}}",
  "{a}{b}",
  "令牌",
])("the slot of %j is the server's", async (name) => {
  expect(slotOf(name)).toBe(await server.command("CLUSTER", "KEYSLOT", name));
});
