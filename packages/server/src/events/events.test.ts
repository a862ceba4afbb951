/** Event streams, life lines and the audit, as callers of several replicas see them. */
import { eventLog } from "@lingpai/event-log";
import { afterEach, expect, test } from "vitest";
import { appId, otherRef, ref, requestOf, serverWorld } from "../server-world.fixture.ts";
import type { Replica, ServerWorld } from "../server-world.fixture.ts";

const worlds: ServerWorld[] = [];
const one = `/v1/credentials/${encodeURIComponent(ref)}`;

afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()));
});

function start(): ServerWorld {
  const world = serverWorld();
  worlds.push(world);
  return world;
}

interface Message {
  readonly id?: string;
  readonly event?: string;
  readonly data?: Record<string, unknown>;
}

interface Stream {
  readonly messages: Message[];
  readonly beats: () => number;
  readonly isEnded: () => boolean;
  close(): Promise<void>;
}

/** A reader that parses as EventSource does: one field a line, and a message at each empty line. */
async function open(
  replica: Replica,
  key: string,
  path = "/v1/events",
  headers: Record<string, string> = {},
): Promise<Stream> {
  const response = await replica.ask(path, { key, headers });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const messages: Message[] = [];
  const state = { beats: 0, isEnded: false };
  void (async () => {
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      text += value;
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const fields = new Map(
          block.split("\n").map((line) => {
            const at = line.indexOf(":");
            return [line.slice(0, at), line.slice(at + 1).trim()];
          }),
        );
        if (fields.has("")) state.beats += 1;
        const data = fields.get("data");
        if (data === undefined) continue;
        messages.push({
          ...(fields.has("id") && { id: fields.get("id")! }),
          event: fields.get("event")!,
          data: JSON.parse(data) as Record<string, unknown>,
        });
      }
    }
    state.isEnded = true;
  })().catch(() => {
    state.isEnded = true;
  });
  return {
    messages,
    beats: () => state.beats,
    isEnded: () => state.isEnded,
    close: () => reader.cancel(),
  };
}

test("a stream on one replica contains the events of another, with ids, and a heartbeat every 15 s", async () => {
  const world = start();
  const key = await world.key();
  const [first, second] = [world.replica(), world.replica()];
  const stream = await open(second, key);
  await first.ask(one, { key });
  await world.clock.advance(2_000);
  expect(stream.messages.map(({ event }) => event)).toContain("refreshed");
  for (const { id, data } of stream.messages) {
    expect(id).toMatch(/^[\w-]+$/);
    expect(data).toMatchObject({ ref, credential: ref });
  }
  const before = stream.beats();
  await world.clock.advance(60_000);
  expect(stream.beats() - before).toBe(4);
  await stream.close();
});

test("Last-Event-ID resumes without a gap or a repetition, on another replica and after a restart", async () => {
  const world = start();
  const key = await world.key({ rights: ["read", "refresh"] });
  const first = world.replica();
  const stream = await open(first, key);
  await first.ask(one, { key });
  await world.clock.advance(2_000);
  await stream.close();
  const last = stream.messages.at(-1)!.id!;
  for (let n = 0; n < 3; n += 1) {
    await first.ask(`${one}/refresh`, { key, json: {} });
    await world.clock.advance(40_000);
  }
  const restarted = world.replica("restarted");
  const resumed = await open(restarted, key, "/v1/events", { "last-event-id": last });
  await world.clock.advance(1_000);
  expect(resumed.messages.filter(({ event }) => event === "refreshed")).toHaveLength(3);
  expect(resumed.messages.every(({ event }) => event !== "gap")).toBe(true);
  const ids = resumed.messages.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).not.toContain(last);
  const odd = await open(restarted, key, "/v1/events?after=%0d%0aid:+1%0d%0a%0d%0a");
  await world.clock.advance(1_000);
  expect(odd.messages[0]).toEqual({ event: "gap", data: { cause: "expired" } });
  await Promise.all([resumed.close(), odd.close()]);
});

test("a key sees the events of its own references only", async () => {
  const world = start();
  const all = await world.key({ refs: ["*"] });
  const some = await world.key();
  const replica = world.replica();
  const [wide, narrow] = [await open(replica, all), await open(replica, some)];
  await replica.ask(`/v1/credentials/${encodeURIComponent(otherRef)}`, { key: all });
  await replica.ask(one, { key: all });
  await world.clock.advance(2_000);
  const refsOf = (stream: Stream): unknown[] => [
    ...new Set(stream.messages.map(({ data }) => data?.["ref"])),
  ];
  expect(refsOf(wide).toSorted()).toEqual([ref, otherRef].toSorted());
  expect(refsOf(narrow)).toEqual([ref]);
  await Promise.all([wide.close(), narrow.close()]);
});

test("a reader that is too slow gets a gap notice, and uses a bounded buffer", async () => {
  const world = start();
  const key = await world.key();
  const replica = world.replica();
  const response = await replica.ask("/v1/events", { key });
  const log = eventLog({ cache: world.store.cache(), clock: world.clock });
  for (let n = 0; n < 400; n += 1) log.append("fleet", { type: "rejected", ref, n });
  await world.clock.advance(5_000);
  await log.close();
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (let n = 0; n < 400 && !text.includes("event: gap"); n += 1)
    text += (await reader.read()).value;
  expect(text).toContain('event: gap\ndata: {"cause":"reader"}');
  expect(text.split("event: rejected").length).toBeLessThan(260);
  await reader.cancel();
});

test("a caller that reports nonsense without end cannot push other events out of the log", async () => {
  const world = start();
  const key = await world.key({ perSecond: 10_000 });
  const admin = await world.key({ rights: ["read", "admin"], refs: ["*"] });
  const replica = world.replica();
  await replica.ask(one, { key });
  const before = await replica.ask(one, { key });
  expect(before.status).toBe(200);
  for (let n = 0; n < 300; n += 1) {
    const json = { fingerprint: String(n).padStart(16, "A"), code: String(n) };
    await replica.server.handle(requestOf(`${one}/rejections`, { key, json }));
    await replica.server.handle(requestOf(`/v1/credentials/none${n}`, { key }));
  }
  await world.clock.advance(5_000);
  const eventsAt = async (path: string): Promise<readonly Record<string, unknown>[]> => {
    const page = (await (await replica.ask(path, { key: admin })).json()) as {
      readonly entries: readonly { readonly event: Record<string, unknown> }[];
    };
    return page.entries.map(({ event }) => event);
  };
  const count = (events: readonly Record<string, unknown>[], type: string): readonly number[] => [
    events.filter((event) => event["type"] === type).length,
    events.reduce((sum, event) => sum + (event["type"] === type ? Number(event["count"]) : 0), 0),
  ];
  const [lines = 0, reports] = count(await eventsAt(`${one}/events`), "rejected");
  expect(reports).toBe(300);
  expect(lines).toBeLessThan(20);
  const audit = await eventsAt("/v1/audit");
  for (const type of ["rejected", "refused"]) {
    const [kept = 0, all] = count(audit, type);
    expect(all).toBe(300);
    expect(kept).toBeLessThan(20);
  }
});

test("a revoked key's streams and long polls end within a second on every replica", async () => {
  const world = start();
  const [first, second] = [world.replica(), world.replica()];
  const { id, key } = await first.keys.create({ name: "x", rights: ["read"], refs: [ref] });
  const response = await second.ask(one, { key });
  const { commitId } = (await response.json()) as { readonly commitId: string };
  const stream = await open(second, key);
  const headers = { "if-none-match": `"${commitId}"` };
  let status = 0;
  void second.server
    .handle(requestOf(`${one}?wait=55`, { key, headers }))
    .then((answered) => (status = answered.status));
  await world.clock.advance(5_000);
  expect([status, stream.isEnded()]).toEqual([0, false]);
  await first.keys.revoke(id);
  await world.clock.advance(1_000);
  expect([status, stream.isEnded()]).toEqual([401, true]);
});

test("a closed server ends its streams, and leaves no timer", async () => {
  const world = start();
  const key = await world.key();
  const replica = world.replica();
  const streams = [await open(replica, key), await open(replica, key)];
  await world.clock.advance(1_000);
  await world.during(replica.close());
  await world.clock.settle();
  expect(streams.map((stream) => stream.isEnded())).toEqual([true, true]);
  await world.clock.advance(1_000);
  expect(world.clock.pendingTimers).toBe(0);
});

test("the life line and the audit are the same on every replica, and contain no secrets", async () => {
  const world = start();
  const key = await world.key({ name: "billing" });
  const admin = await world.key({ rights: ["read", "admin"], refs: ["*"] });
  const [first, second] = [world.replica(), world.replica()];
  const response = await first.ask(one, { key });
  const { secret, fingerprint } = (await response.json()) as Record<string, string>;
  for (let n = 0; n < 9; n += 1) await first.ask(one, { key });
  await first.ask(`/v1/credentials/${encodeURIComponent(otherRef)}`, { key });
  await world.clock.advance(3_000);
  const life = await (await second.ask(`${one}/events`, { key: admin })).text();
  const audit = await (await second.ask("/v1/audit", { key: admin })).text();
  expect(life).toContain('"type":"refreshed"');
  const { entries } = JSON.parse(audit) as {
    readonly entries: readonly { readonly event: Record<string, unknown> }[];
  };
  const handed = entries.map(({ event }) => event).filter(({ type }) => type === "handed-out");
  expect(handed.reduce((sum, { count }) => sum + Number(count), 0)).toBe(10);
  expect(handed[0]).toMatchObject({ name: "billing", ref, fingerprint: fingerprint!.slice(0, 8) });
  expect(audit).toContain('"type":"refused"');
  for (const text of [life, audit])
    for (const hidden of [secret!, key, key.slice(14), admin, fingerprint!])
      expect(text).not.toContain(hidden);
});

test("an unreachable store blocks no response, and the audit of that time arrives later", async () => {
  const world = start();
  const key = await world.key();
  const other = await world.key();
  const admin = await world.key({ rights: ["admin"], refs: ["*"] });
  const replica = world.replica();
  await replica.ask(one, { key });
  await world.clock.advance(2_000);
  replica.plan.unreachable = true;
  await world.clock.advance(5_000);
  for (let n = 0; n < 5; n += 1) expect((await replica.ask(one, { key: other })).status).toBe(200);
  await world.clock.advance(10_000);
  expect(replica.reports.map(({ type }) => type)).toContain("unavailable");
  replica.plan.unreachable = false;
  await world.clock.advance(10_000);
  const audit = (await (await replica.ask("/v1/audit", { key: admin })).json()) as {
    readonly entries: readonly { readonly event: Record<string, unknown> }[];
  };
  const counts = audit.entries.map(({ event }) =>
    event["type"] === "handed-out" ? event["count"] : 0,
  );
  expect(counts.reduce((sum: number, count) => sum + Number(count), 0)).toBe(6);
});

test("the log of events does not keep a credential fresh that no caller needs", async () => {
  const world = start();
  const replica = world.replica();
  const key = await world.key({ refs: [ref] });
  expect((await replica.ask(one, { key })).status).toBe(200);
  await world.clock.advance(24 * 3_600_000);
  expect(world.simulator.log.fetches(appId).length).toBeLessThanOrEqual(2);
});
