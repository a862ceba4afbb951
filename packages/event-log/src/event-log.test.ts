import fc from "fast-check";
import { expect, test } from "vitest";
import { compareEventIds } from "./event-id.ts";
import { eventLog } from "./event-log.ts";
import { hourMs } from "./limits.ts";
import { kindsOf, lateWrites, readAll, world } from "./log.fixture.ts";
import type { LogEntry } from "./stream-reader.ts";

const stream = "wechat:stable:wx0123456789abcdef";
const ids = (entries: readonly LogEntry[]): string[] =>
  entries.flatMap((entry) => (entry.kind === "event" ? [entry.id] : []));

test("events are read back in order, with the store's time and rising ids", async () => {
  const { clock, node } = world();
  const { log } = node();
  for (const n of [1, 2, 3]) log.append(stream, { type: "refreshed", n });
  await clock.advance(1_000);
  const { entries, position } = await log.read(stream);
  expect(kindsOf(entries)).toEqual([1, 2, 3]);
  expect(entries[0]).toMatchObject({ atMs: clock.wallMs() - 1_000, event: { type: "refreshed" } });
  expect(ids(entries).toSorted(compareEventIds)).toEqual(ids(entries));
  expect(position).toBe(ids(entries).at(-1));
});

test("a second replica and a restarted one see the same events, and continue after any id", async () => {
  const { clock, node } = world();
  const first = node();
  for (let n = 0; n < 20; n += 1) first.log.append(stream, { type: "refreshed", n });
  await clock.advance(1_000);
  await first.log.close();
  const second = node();
  const all = await readAll(second.log, stream);
  expect(kindsOf(all)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  for (const [at, id] of ids(all).entries())
    expect(await readAll(second.log, stream, id)).toEqual(all.slice(at + 1));
});

test("several writers at once lose nothing and store nothing twice, and each writer's order is kept", async () => {
  const writers = fc.integer({ min: 2, max: 4 });
  const steps = fc.array(
    fc.record({
      writer: fc.nat(3),
      count: fc.integer({ min: 1, max: 6 }),
      passMs: fc.constantFrom(0, 0, 10, 70, 400, hourMs / 2),
      fault: fc.constantFrom(undefined, undefined, "fail-before", "fail-after"),
      on: fc.constantFrom("set", "get"),
    }),
    { minLength: 1, maxLength: 25 },
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(writers, steps, async (count, taken) => {
      run += 1;
      const { clock, node } = world(run);
      const nodes = Array.from({ length: count }, () => node({ gatherMs: 0 }));
      const appended = nodes.map(() => 0);
      for (const step of taken) {
        const at = step.writer % count;
        for (let n = 0; n < step.count; n += 1) {
          const filler = "x".repeat(900);
          nodes[at]!.log.append(stream, { type: "t", by: at, n: appended[at]!, filler });
          appended[at]! += 1;
        }
        if (step.fault !== undefined)
          nodes[at]!.plan.next(step.on as "set", step.fault as "fail-after");
        await clock.advance(step.passMs);
      }
      await clock.advance(60_000);
      const all = await readAll(node().log, stream);
      for (const [at, expected] of appended.entries()) {
        const own = all.flatMap((entry) =>
          entry.kind === "event" && entry.event["by"] === at ? [entry.event["n"]] : [],
        );
        expect(own).toEqual(Array.from({ length: expected }, (_, n) => n));
      }
      expect(ids(all).toSorted(compareEventIds)).toEqual(ids(all));
      for (const { log } of nodes) await log.close();
      expect(clock.pendingTimers).toBe(0);
    }),
    { numRuns: 40 },
  );
});

test("a write that takes effect after its deadline is not stored twice", async () => {
  const { clock, node, cache } = world();
  const late = lateWrites(cache);
  const slow = node({ cache: late.cache });
  const other = node();
  slow.log.append(stream, { type: "t", n: 1 });
  await clock.advance(1_000);
  late.hold = 1;
  slow.log.append(stream, { type: "t", n: 2 });
  await clock.advance(51);
  // The write takes effect, the hour ends and another writer continues, all before its own writer
  // reads again.
  await late.land();
  await clock.advance(1);
  other.log.append(stream, { type: "t", n: 3 });
  await clock.advance(hourMs);
  slow.log.append(stream, { type: "t", n: 4 });
  await clock.advance(1_000);
  expect(kindsOf(await readAll(other.log, stream)).toSorted()).toEqual([1, 2, 3, 4]);
});

test("a write that arrives after the end of its hour is refused by the closed chunk", async () => {
  const { clock, node, cache } = world();
  const late = lateWrites(cache);
  const slow = node({ cache: late.cache });
  slow.log.append(stream, { type: "t", n: 1 });
  await clock.advance(hourMs - 10);
  late.hold = 1;
  slow.log.append(stream, { type: "t", n: 2 });
  await clock.advance(2_000);
  await late.land();
  expect(kindsOf(await readAll(slow.log, stream))).toEqual([1, 2]);
});

test("a lost reply at the end of a chunk is recognised in the chunk that another writer closed", async () => {
  const { clock, node, store } = world();
  const late = lateWrites(store.cache());
  const slow = node({ cache: late.cache });
  const other = node();
  slow.log.append(stream, { type: "t", n: 1 });
  await clock.advance(1_000);
  const { plan, log } = slow;
  plan.next("set", "fail-after");
  log.append(stream, { type: "t", n: 2 });
  plan.unreachable = false;
  await clock.advance(50);
  plan.unreachable = true;
  for (let n = 10; n < 40; n += 1)
    other.log.append(stream, { type: "t", n, filler: "x".repeat(900) });
  await clock.advance(3_000);
  plan.unreachable = false;
  await clock.advance(20_000);
  const found = kindsOf(await readAll(other.log, stream));
  expect(found.filter((n) => n === 2)).toHaveLength(1);
  expect(found).toHaveLength(32);
});

test("no event that fits the queue is lost while the store is unreachable, and the outage is reported", async () => {
  const { clock, node } = world();
  const { log, plan, reports } = node();
  plan.unreachable = true;
  for (let n = 0; n < 50; n += 1) log.append(stream, { type: "t", n });
  await clock.advance(60_000);
  expect(reports).toEqual([{ type: "unavailable", stream }]);
  plan.unreachable = false;
  await clock.advance(10_000);
  expect(reports.at(-1)).toEqual({ type: "recovered", stream });
  expect(kindsOf(await readAll(log, stream))).toEqual(Array.from({ length: 50 }, (_, n) => n));
});

test("events that exceed the queue are counted, reported, and noted in the stream", async () => {
  const { clock, node } = world();
  const { log, plan, reports } = node({ queueMax: 10 });
  plan.unreachable = true;
  for (let n = 0; n < 25; n += 1) log.append(stream, { type: "t", n });
  const lost = reports.flatMap((report) => (report.type === "lost" ? [report.count] : []));
  expect(lost.reduce((sum, count) => sum + count, 0)).toBe(15);
  plan.unreachable = false;
  await clock.advance(10_000);
  const numbers = Array.from({ length: 10 }, (_, n) => n + 15);
  expect(kindsOf(await readAll(log, stream))).toEqual(["writer", ...numbers]);
});

test("a log that is closed while the store is unreachable reports how many events it dropped", async () => {
  const { clock, node } = world();
  const { log, plan, reports } = node();
  plan.unreachable = true;
  for (let n = 0; n < 3; n += 1) log.append(stream, { type: "t", n });
  const closed = log.close();
  await clock.advance(2_000);
  await closed;
  expect(reports.at(-1)).toEqual({ type: "lost", stream, count: 3 });
  log.append(stream, { type: "t", n: 4 });
  expect(reports.at(-1)).toEqual({ type: "lost", stream, count: 1 });
  await clock.settle();
  expect(clock.pendingTimers).toBe(0);
});

test("the oldest events are removed when a stream reaches its bound, and a reader of them gets a gap notice", async () => {
  const { clock, node } = world();
  const { log } = node({ streamBytes: 32_768, retentionMs: hourMs });
  log.append(stream, { type: "t", n: 0 });
  await clock.advance(100);
  const first = (await log.read(stream)).position;
  for (let n = 1; n <= 200; n += 1) {
    log.append(stream, { type: "t", n, filler: "x".repeat(900) });
    if (n % 10 === 0) await clock.advance(2_000);
  }
  await clock.advance(5_000);
  const all = kindsOf(await readAll(log, stream, first));
  expect(all[0]).toBe("bound");
  expect(all.at(-1)).toBe(200);
  expect(all.length).toBeLessThan(60);
  expect(all.slice(1)).toEqual(all.slice(1).toSorted((a, b) => Number(a) - Number(b)));
});

test("an event is removed after the retention, and a reader of it gets a gap notice", async () => {
  const { clock, node, cache } = world();
  const { log } = node();
  log.append(stream, { type: "t", n: 1 });
  await clock.advance(1_000);
  const { position } = await log.read(stream);
  await clock.advance(47 * hourMs);
  expect(kindsOf((await log.read(stream)).entries)).toEqual([1]);
  await clock.advance(4 * hourMs);
  log.append(stream, { type: "t", n: 2 });
  await clock.advance(1_000);
  expect(kindsOf(await readAll(log, stream))).toEqual([2]);
  expect(kindsOf(await readAll(log, stream, position))).toEqual(["expired", 2]);
  const chunks: string[] = [];
  for await (const key of cache.withPrefix("event-log").withPrefix(stream).keys())
    if (/^\d/.test(key)) chunks.push(key);
  expect(chunks).toHaveLength(1);
});

test("a rollback of the store is noticed by a reader that had read further", async () => {
  const { clock, node, store } = world();
  const { log } = node();
  log.append(stream, { type: "t", n: 1 });
  await clock.advance(1_000);
  const image = store.snapshot();
  log.append(stream, { type: "t", n: 2 });
  await clock.advance(1_000);
  const { position } = await log.read(stream);
  store.failOver(image);
  const other = node();
  other.log.append(stream, { type: "t", n: 3 });
  await clock.advance(1_000);
  expect(kindsOf(await readAll(log, stream, position))).toEqual(["rolled-back", 1, 3]);
});

test.each([
  ["no JSON", "{"],
  ["another schema", '{"v":2,"chunks":[],"records":[]}'],
  [
    "poisoned fields",
    '{"v":1,"boundedAtMs":0,"closed":false,"chunks":[{"chunk":-1}],"records":[7]}',
  ],
])("a chunk with %s is skipped with a gap notice, and appending continues", async (_, text) => {
  const { clock, node, cache } = world();
  const { log } = node();
  log.append(stream, { type: "t", n: 1 });
  await clock.advance(1_000);
  const view = cache.withPrefix("event-log").withPrefix(stream);
  for await (const key of view.keys()) if (/^\d/.test(key)) await view.set(key, text);
  const second = node();
  second.log.append(stream, { type: "t", n: 2 });
  await clock.advance(5_000);
  expect(kindsOf(await readAll(second.log, stream))).toEqual(["unreadable", 2]);
  expect(second.reports).toContainEqual({ type: "unreadable", stream });
  await view.set("index", text);
  second.log.append(stream, { type: "t", n: 3 });
  await clock.advance(5_000);
  const third = node();
  third.log.append(stream, { type: "t", n: 4 });
  await clock.advance(5_000);
  expect(kindsOf(await readAll(third.log, stream))).toContain(4);
});

test("a foreign id starts at the oldest event with a gap notice", async () => {
  const { clock, node } = world();
  const { log } = node();
  log.append(stream, { type: "t", n: 1 });
  await clock.advance(1_000);
  for (const id of ["", "7", "../../x", "0001767225600000-abcd-0-abcd\r", "😀".repeat(5000)])
    expect(kindsOf(await readAll(log, stream, id))).toEqual(["expired", 1]);
});

test("a follower gets the stored events, then each later event once, from every writer", async () => {
  const { clock, node } = world();
  const [first, second] = [node(), node()];
  first.log.append(stream, { type: "t", n: 1 });
  await clock.advance(1_000);
  const seen: LogEntry[] = [];
  const follower = second.log.follow(stream, { onEntries: (entries) => seen.push(...entries) });
  await clock.settle();
  for (let n = 2; n < 30; n += 1) {
    (n % 2 === 0 ? first : second).log.append(stream, { type: "t", n });
    await clock.advance(100);
  }
  await clock.advance(5_000);
  expect(kindsOf(seen).toSorted((a, b) => Number(a) - Number(b))).toEqual(
    Array.from({ length: 29 }, (_, n) => n + 1),
  );
  expect(follower.position).toBe(ids(seen).at(-1));
  follower.stop();
  first.log.append(stream, { type: "t", n: 99 });
  await clock.advance(10_000);
  expect(kindsOf(seen)).not.toContain(99);
  await Promise.all([first.log.close(), second.log.close()]);
  expect(clock.pendingTimers).toBe(0);
});

test("a follower continues by itself when the store is available again", async () => {
  const { clock, node } = world();
  const [writer, reader] = [node(), node()];
  const seen: LogEntry[] = [];
  reader.log.follow(stream, { onEntries: (entries) => seen.push(...entries) });
  await clock.settle();
  reader.plan.unreachable = true;
  writer.log.append(stream, { type: "t", n: 1 });
  await clock.advance(10_000);
  expect(seen).toEqual([]);
  reader.plan.unreachable = false;
  await clock.advance(5_000);
  expect(kindsOf(seen)).toEqual([1]);
  await Promise.all([writer.log.close(), reader.log.close()]);
});

test("invalid arguments are refused at once", async () => {
  const { cache, node } = world();
  const { log } = node();
  expect(() => log.append(stream, { type: "events-lost" })).toThrow(/own/);
  expect(() => log.append(stream, { type: "t", filler: "x".repeat(5_000) })).toThrow(/4096/);
  expect(() => eventLog({ cache, queueMax: 0 })).toThrow(/queueMax/);
  expect(() => eventLog({ cache, retentionMs: 5 })).toThrow(/retentionMs/);
  expect(() => eventLog({ cache, quueMax: 5 } as never)).toThrow(/quueMax/);
});
