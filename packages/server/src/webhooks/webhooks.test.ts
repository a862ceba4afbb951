import { createHmac } from "node:crypto";
import { ConfigurationError } from "@lingpai/core";
import { eventLog } from "@lingpai/event-log";
import type { EventLog, LogEvent } from "@lingpai/event-log";
import { manualClock, seededRandom, simulatedStore } from "@lingpai/core/testing";
import type { ManualClock, SimulatedStore } from "@lingpai/core/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { logEvent } from "../events/credential-events.ts";
import type { Message, Reply } from "./send.ts";
import { webhooks } from "./webhooks.ts";
import type { Webhook, WebhookReport, Webhooks } from "./webhooks.ts";

const key = Buffer.alloc(32, 9);
const secret = `whsec_${key.toString("base64")}`;
const hook: Webhook = { name: "on-call", url: "https://hooks.example.com/x", secret };
const ref = "wechat:stable:wx0123456789abcdef";
const contended = { type: "contended", state: "confirmed", count: 2, fingerprint: "abcdefgh" };

let clock: ManualClock;
let store: SimulatedStore;
let log: EventLog;
let sent: { readonly by: string; readonly message: Message; readonly atMs: number }[];
let reports: WebhookReport[];
let answer: () => Promise<Reply>;
const open: Webhooks[] = [];

beforeEach(() => {
  clock = manualClock();
  store = simulatedStore({ clock, random: seededRandom("webhooks") });
  log = eventLog({ cache: store.cache(), clock, random: seededRandom("log") });
  [sent, reports] = [[], []];
  answer = async () => ({ status: 204, retryAfterMs: 0 });
});
afterEach(async () => {
  for (const each of open.splice(0)) await settled(each.close());
  await settled(log.close());
});

async function settled<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  void work.finally(() => (isDone = true)).catch(() => undefined);
  for (let n = 0; n < 1_000 && !isDone; n += 1) await clock.advance(10);
  return work;
}

function replica(by = "one", given: readonly Webhook[] = [hook]): Webhooks {
  const made = webhooks({
    store: { cache: store.cache(), lock: store.lock() },
    log,
    webhooks: given,
    clock,
    random: seededRandom(by),
    onReport: (report) => reports.push(report),
    deliver: async (_url, message) => {
      sent.push({ by, message, atMs: clock.wallMs() });
      return answer();
    },
  });
  open.push(made);
  return made;
}

async function happens(event: LogEvent, of: string = ref): Promise<void> {
  logEvent(log, of, event);
  await clock.advance(2_000);
}

const ids = (): readonly string[] => sent.map(({ message }) => message.headers["webhook-id"]!);
const bodies = (): readonly { readonly type: string; readonly data: Record<string, unknown> }[] =>
  sent.map(({ message }) => JSON.parse(message.body));

test("one of several replicas sends an event once, signed and without secrets", async () => {
  for (const name of ["one", "two", "three"]) replica(name);
  await clock.advance(10_000);
  await happens(contended);
  await clock.advance(300_000);
  expect(sent).toHaveLength(1);
  const { atMs, message } = sent[0]!;
  expect(bodies()[0]).toMatchObject({ type: "contended", data: { ref, count: 2 } });
  const {
    "webhook-id": id,
    "webhook-signature": signature,
    "webhook-timestamp": at,
  } = message.headers as Record<string, string>;
  expect(at).toBe(String(Math.floor(atMs / 1_000)));
  // Standard Webhooks signs the id, the time and the body, joined by dots.
  const signed = createHmac("sha256", key).update(`${id}.${at}.${message.body}`).digest("base64");
  expect(signature).toBe(`v1,${signed}`);
  expect(JSON.stringify([message, reports])).not.toContain(key.toString("base64"));
});

test("events from before the webhook's configuration, and of types that were not chosen, are not sent", async () => {
  await happens(contended);
  replica("one", [{ ...hook, events: ["revoked", "quota-low"] }]);
  await clock.advance(5_000);
  await happens(contended);
  await happens({ type: "refreshed", generation: 2 });
  await happens({ type: "quota-threshold", percent: 50, used: 1_000, perDay: 2_000 });
  await happens({ type: "quota-threshold", percent: 80, used: 1_600, perDay: 2_000 });
  await happens({ type: "revoked", key: "0123456789", name: "ops" });
  expect(bodies().map(({ type }) => type)).toEqual(["quota-low", "revoked"]);
});

test("reports of several replicas about the same subject become one message a minute", async () => {
  replica();
  await clock.advance(5_000);
  for (let n = 0; n < 4; n += 1) await happens({ ...contended, count: n });
  await happens(contended, "another");
  expect(sent).toHaveLength(2);
  await clock.advance(60_000);
  await happens(contended);
  expect(sent).toHaveLength(3);
});

test("a failed delivery is repeated after pauses, with the same id and a new time", async () => {
  answer = () => Promise.reject(new Error("no route"));
  replica();
  await clock.advance(5_000);
  await happens(contended);
  await clock.advance(420_000);
  expect(sent).toHaveLength(4);
  expect(new Set(ids()).size).toBe(1);
  expect(new Set(sent.map(({ message }) => message.headers["webhook-signature"])).size).toBe(4);
  expect(reports.map(({ outcome, reason }) => `${outcome} ${reason}`)).toEqual(
    Array.from({ length: 4 }, () => "later Error: no route"),
  );
});

test("an undelivered message survives the replica that could not deliver it", async () => {
  answer = async () => ({ status: 500, retryAfterMs: 0 });
  const first = replica("first");
  await clock.advance(5_000);
  await happens(contended);
  expect(sent).toHaveLength(1);
  await settled(first.close());
  answer = async () => ({ status: 200, retryAfterMs: 0 });
  await clock.advance(3_600_000);
  replica("second");
  await clock.advance(20_000);
  expect(sent.map(({ by }) => by)).toEqual(["first", "second"]);
  expect(new Set(ids()).size).toBe(1);
  await clock.advance(600_000);
  expect(sent).toHaveLength(2);
});

test("events of a time without a replica are sent by the next one", async () => {
  const first = replica("first");
  await clock.advance(5_000);
  await settled(first.close());
  await happens(contended);
  replica("second");
  await clock.advance(5_000);
  expect(sent.map(({ by }) => by)).toEqual(["second"]);
});

test.each([
  [{ status: 410, retryAfterMs: 0 }, 1, "given-up"],
  [{ status: 302, retryAfterMs: 0 }, 2, "later"],
  [{ status: 503, retryAfterMs: 3_600_000 }, 1, "later"],
])("after %j there are %i attempts within a quarter of a minute", async (reply, count, outcome) => {
  answer = async () => reply;
  replica();
  await clock.advance(5_000);
  await happens(contended);
  await clock.advance(13_000);
  expect(sent).toHaveLength(count);
  expect(reports[0]).toMatchObject({ outcome, status: reply.status });
});

test("an unreachable receiver does not delay the others, and its newest hundred messages are kept", async () => {
  const away = { ...hook, name: "away" };
  answer = () => Promise.reject(new Error("away"));
  replica("one", [away]);
  await clock.advance(5_000);
  for (let n = 0; n < 150; n += 1) logEvent(log, `credential ${n}`, contended);
  await clock.advance(10_000);
  expect(reports.some((report) => report.outcome === "dropped")).toBe(true);
  const entry = await store.cache().withPrefix("webhooks").get("away");
  const { due } = JSON.parse(entry!.value) as { readonly due: readonly { payload: LogEvent }[] };
  expect(due).toHaveLength(100);
  expect(JSON.stringify(due.at(-1))).toContain("credential 149");
});

test("an unreachable store delays deliveries and ends none", async () => {
  replica();
  await clock.advance(5_000);
  const image = store.snapshot();
  await happens(contended);
  expect(sent).toHaveLength(1);
  // After a failover the store knows nothing of the delivery, and has lost the event.
  store.failOver(image);
  await clock.advance(120_000);
  await happens({ ...contended, state: "suspected" });
  await clock.advance(60_000);
  expect(bodies().at(-1)?.data["state"]).toBe("suspected");
});

test.each([
  ["a short secret", { ...hook, secret: "whsec_AAAA" }],
  ["no secret", { ...hook, secret: "" }],
  ["no web address", { ...hook, url: "file:///etc/passwd" }],
  ["an unknown event", { ...hook, events: ["refreshed" as never] }],
  ["a name with a colon", { ...hook, name: "a:b" }],
])("%s is refused", (_, given) => {
  expect(() => replica("one", [given])).toThrow(ConfigurationError);
});

test("a receiver that never answers holds up no other one", async () => {
  const dead = { ...hook, name: "dead", url: "https://dead.example.com/" };
  const delivered: string[] = [];
  const made = webhooks({
    store: { cache: store.cache(), lock: store.lock() },
    log,
    webhooks: [dead, hook],
    clock,
    random: seededRandom("two"),
    deliver: async (url, { body }) => {
      if (url === dead.url) {
        await new Promise<void>((resolve) => void clock.setTimer(15_000, resolve));
        throw new Error("no answer");
      }
      delivered.push((JSON.parse(body) as { readonly data: { readonly ref: string } }).data.ref);
      return { status: 204, retryAfterMs: 0 };
    },
  });
  open.push(made);
  await clock.advance(2_000);
  for (let n = 0; n < 5; n += 1) logEvent(log, `early${n}`, contended);
  await clock.advance(2_000);
  await happens(contended, "late");
  expect(delivered).toHaveLength(6);
  expect(delivered.at(-1)).toBe("late");
  // What ends the deliveries waits for the attempt that is under way, and for no more.
  const closing = made.close();
  await clock.advance(15_000);
  await settled(closing);
});
