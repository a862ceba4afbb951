import { expect, it } from "vitest";
import { systemRandom } from "./random.ts";

it("draws ids of 128 bits, each another one", () => {
  const ids = Array.from({ length: 1_000 }, () => systemRandom.id());
  expect(new Set(ids).size).toBe(1_000);
  for (const id of ids) {
    expect(id).toMatch(/^[\w-]{22}$/);
    expect(Buffer.from(id, "base64url")).toHaveLength(16);
  }
  // Any constant byte would mean that a part of the bytes was not drawn.
  for (let byte = 0; byte < 16; byte += 1)
    expect(new Set(ids.map((id) => Buffer.from(id, "base64url")[byte])).size).toBeGreaterThan(200);
});
