import { PassThrough } from "node:stream";
import { manualClock } from "@lingpai/core/testing";
import { expect, test, vi } from "vitest";
import { withProgress } from "./progress.ts";

/** What a terminal is to a program: a stream that can move its cursor, and that says so. */
function terminal({ isTTY = true } = {}): { stream: NodeJS.WriteStream; shown: () => string } {
  // A spinner holds still where CI or a dumb terminal is named.
  vi.stubEnv("TERM", "xterm-256color");
  vi.stubEnv("CI", undefined);
  let text = "";
  const stream = Object.assign(
    new PassThrough().on("data", (chunk) => (text += String(chunk))),
    { isTTY, columns: 80, rows: 24 },
    { cursorTo: () => true, moveCursor: () => true, clearLine: () => true },
  );
  // A spinner uses no more of a terminal than this has.
  return { stream: stream as unknown as NodeJS.WriteStream, shown: () => text };
}

/** Work that ends when it is told to. */
function work(): { promise: Promise<string>; finish: () => void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { promise, finish: () => resolve("done") };
}

const hideCursor = "\u001B[?25l";
const showCursor = "\u001B[?25h";

test("a terminal shows a spinner with its words after 400 ms, and none once the work is done", async () => {
  const { shown, stream } = terminal();
  const clock = manualClock();
  const { finish, promise } = work();
  const result = withProgress("Looking at the store", promise, { clock, stream });
  await clock.advance(399);
  expect(shown()).toBe("");
  await clock.advance(1);
  expect(shown()).toContain("Looking at the store");
  expect(shown()).toContain(hideCursor);
  finish();
  expect(await result).toBe("done");
  expect(shown().lastIndexOf(showCursor)).toBeGreaterThan(shown().lastIndexOf(hideCursor));
});

test("work that is done at once shows nothing", async () => {
  const { shown, stream } = terminal();
  const clock = manualClock();
  await withProgress("Looking at the store", Promise.resolve(), { clock, stream });
  await clock.advance(1_000);
  expect(shown()).not.toContain("Looking");
});

test("the spinner goes, and the cursor comes back, when the work fails", async () => {
  const { shown, stream } = terminal();
  const clock = manualClock();
  const { promise, reject } = Promise.withResolvers<never>();
  const result = withProgress("Looking at the store", promise, { clock, stream });
  await clock.advance(400);
  reject(new Error("gone"));
  await expect(result).rejects.toThrow("gone");
  expect(shown().lastIndexOf(showCursor)).toBeGreaterThan(shown().lastIndexOf(hideCursor));
});

test("a pipe gets nothing of it", async () => {
  const { shown, stream } = terminal({ isTTY: false });
  const clock = manualClock();
  const { finish, promise } = work();
  const result = withProgress("Looking at the store", promise, { clock, stream });
  await clock.advance(1_000);
  finish();
  await result;
  expect(shown()).toBe("");
});
