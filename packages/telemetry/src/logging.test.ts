import { createEventBus } from "@lingpai/core";
import { manualClock } from "@lingpai/core/testing";
import { pino } from "pino";
import { expect, test } from "vitest";
import { consoleLogger, logEvents, type StructuredLogger } from "./logging.ts";

function bus() {
  return createEventBus({
    id: "wx:test",
    environment: "production",
    node: "a",
    clock: manualClock({ wallMs: 1_000 }),
  });
}

test("a pino logger gets each event at its level, with its fields and its name", () => {
  const lines: string[] = [];
  const stop = logEvents(pino({ base: null }, { write: (line: string) => lines.push(line) }));
  bus().emit("store-unavailable", { reason: "timeout", operation: "get" });
  bus().emit("store-recovered", { downMs: 5 });
  stop();
  bus().emit("closed", { uses: 0 });
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    {
      level: 40,
      msg: "wx:test: store unavailable",
      event: "lingpai.credential.store-unavailable",
      credential: "wx:test",
      environment: "production",
      node: "a",
      reason: "timeout",
    },
    { level: 30, event: "lingpai.credential.store-recovered", downMs: 5 },
  ]);
  expect(lines).toHaveLength(2);
});

test("the console gets each event as one line of JSON, on stderr if it is a warning or an error", () => {
  const out: string[] = [];
  const err: string[] = [];
  const stop = logEvents(
    consoleLogger({
      log: (line: string) => out.push(line),
      error: (line: string) => err.push(line),
    }),
  );
  bus().emit("store-recovered", { downMs: 5 });
  bus().emit("store-unavailable", { reason: "timeout", operation: "get" });
  stop();
  expect(out.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: "info", text: "wx:test: store recovered", downMs: 5, atMs: 1_000 },
  ]);
  expect(err.map((line) => JSON.parse(line) as object)).toMatchObject([{ level: "warn" }]);
});

test("an object that is no logger is refused", () => {
  expect(() => logEvents({} as StructuredLogger)).toThrow("logger");
});
