import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manualClock } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import { watched } from "../watched.fixture.ts";
import { watchFiles } from "./watch-files.ts";

test("a difference that the system does not report is found by a check", async () => {
  const directory = await mkdtemp(join(tmpdir(), "lingpai-watch-"));
  const files = ["one", "two"].map((name) => join(directory, name));
  for (const file of files) await writeFile(file, file);
  // The list names another file from now on, and no file was touched, as if another machine had
  // changed a network file system.
  let meant = files.slice(0, 1);
  const source = watched(
    {
      name: "files",
      load: () => Promise.resolve([]),
      watch: (context) => watchFiles(() => Promise.resolve(meant), context, 10_000),
    },
    manualClock(),
  );
  await source.changed(1);
  meant = files.slice(1);
  await source.clock.advance(9_999);
  expect(source.changes).toBe(1);
  await source.clock.advance(1);
  await source.changed(2);
  await source.stop();
  await rm(directory, { recursive: true });
});
