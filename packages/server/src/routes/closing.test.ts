/** The end of a server, and the cost of waiting for it. */
import { afterEach, expect, test } from "vitest";
import { ref, requestOf, serverWorld } from "../server-world.fixture.ts";
import { Closing } from "./closing.ts";

const restored: (() => void)[] = [];
afterEach(() => {
  for (const restore of restored.splice(0)) restore();
});

test("every waiting callback is called once at the end, and a later one at once", () => {
  const closing = new Closing();
  const called: string[] = [];
  closing.hold(() => called.push("stays"));
  closing.hold(() => called.push("leaves"))();
  closing.close();
  closing.close();
  closing.hold(() => called.push("late"));
  expect(called).toEqual(["stays", "late"]);
  expect([closing.isClosed, closing.signal.aborted]).toEqual([true, true]);
});

/** The most listeners that any one target has had at a time. */
function countListeners(): () => number {
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const counts = new Map<EventTarget, number>();
  let most = 0;
  const count = (target: EventTarget, by: number): void => {
    counts.set(target, (counts.get(target) ?? 0) + by);
    most = Math.max(most, counts.get(target)!);
  };
  EventTarget.prototype.addEventListener = function (...given) {
    count(this, 1);
    return Reflect.apply(addEventListener, this, given);
  };
  EventTarget.prototype.removeEventListener = function (...given) {
    count(this, -1);
    return Reflect.apply(removeEventListener, this, given);
  };
  restored.push(() =>
    Object.assign(EventTarget.prototype, { addEventListener, removeEventListener }),
  );
  return () => most;
}

test("no signal has a listener for each of a hundred long polls, because each new one would scan all of them", async () => {
  const world = serverWorld();
  const key = await world.key();
  const replica = world.replica();
  const path = `/v1/credentials/${encodeURIComponent(ref)}?wait=55`;
  const etag = (await replica.ask(path, { key })).headers.get("etag") ?? "";
  const mostOf = countListeners();
  const polls = Array.from({ length: 100 }, () =>
    replica.server.handle(requestOf(path, { key, headers: { "if-none-match": etag } })),
  );
  await world.clock.advance(1_000);
  expect(mostOf()).toBeLessThan(10);
  await replica.server.close();
  const statuses = (await world.during(Promise.all(polls))).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([304]));
  await world.close();
});
