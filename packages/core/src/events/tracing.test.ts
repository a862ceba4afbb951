import { tracingChannel } from "node:diagnostics_channel";
import { expect, test } from "vitest";
import { getChannelName, traced, type TracedGet } from "./tracing.ts";

const owner = { issuer: { id: "wx:test" }, environment: "production", node: "a" };
const channel = tracingChannel<unknown, TracedGet>(getChannelName);
const ignored = { end: () => {}, asyncStart: () => {}, error: () => {} };

test("no trace is published without a subscriber", async () => {
  await expect(traced(getChannelName, owner, {}, async (call) => call)).resolves.toBeUndefined();
});

test("a traced call is published with its outcome, but without its result", async () => {
  const published: unknown[] = [];
  const subscribers = {
    ...ignored,
    start: (call: TracedGet) => published.push({ ...call }),
    asyncEnd: (call: TracedGet) => published.push({ ...call }),
  };
  channel.subscribe(subscribers);
  const result = await traced(getChannelName, owner, {}, async (call) => {
    if (call !== undefined) call.source = "store";
    return "the secret";
  }).finally(() => channel.unsubscribe(subscribers));
  expect(result).toBe("the secret");
  const call = { credential: "wx:test", environment: "production", node: "a" };
  expect(published).toEqual([call, { ...call, source: "store", result: undefined }]);
});

test("a failure reaches both the caller and the subscriber unchanged", async () => {
  const errors: unknown[] = [];
  const subscribers = {
    ...ignored,
    start: () => {},
    asyncEnd: ({ error }: TracedGet) => errors.push(error),
  };
  channel.subscribe(subscribers);
  const failure = new Error("no store");
  const call = traced(getChannelName, owner, {}, () => Promise.reject(failure)).finally(() =>
    channel.unsubscribe(subscribers),
  );
  await expect(call).rejects.toBe(failure);
  expect(errors).toEqual([failure]);
});

test("the work runs inside the context that a subscriber sets", async () => {
  let depth = 0;
  const subscribers = {
    ...ignored,
    start(call: TracedGet) {
      call.within = (work) => {
        depth += 1;
        try {
          return work();
        } finally {
          depth -= 1;
        }
      };
    },
    asyncEnd: () => {},
  };
  channel.subscribe(subscribers);
  await traced(getChannelName, owner, {}, async () => expect(depth).toBe(1)).finally(() =>
    channel.unsubscribe(subscribers),
  );
  expect.assertions(1);
});
