import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("a report whose backend left a server running is printed, ends, and keeps its exit code", () => {
  const program = fileURLToPath(new URL("ending.fixture.ts", import.meta.url));
  const ended = spawnSync(process.execPath, [program], { encoding: "utf8", timeout: 60_000 });
  expect(ended).toMatchObject({ status: 1, signal: null, stdout: "the table\n" });
  expect(ended.stderr).toMatch(/still open \(.*TCPServerWrap/);
});
