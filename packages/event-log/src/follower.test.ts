import type { Cache } from "@lingpai/core";
import { expect, test } from "vitest";
import { world } from "./log.fixture.ts";
import type { LogEntry } from "./stream-reader.ts";

/** A store behind a proxy that never answers a subscription. */
function withoutAnswers(cache: Cache): Cache {
  return new Proxy(cache, {
    get(target, name) {
      if (name === "withPrefix")
        return (segment: string) => withoutAnswers(target.withPrefix(segment));
      if (name === "watch") return () => new Promise(() => {});
      if (name === "pushesChanges") return true;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

test("a subscription that is never answered delays no event by more than a second", async () => {
  const { cache, clock, node } = world();
  const [writer, reader] = [node(), node({ cache: withoutAnswers(cache) })];
  const seen: LogEntry[] = [];
  const follower = reader.log.follow("life", { onEntries: (entries) => seen.push(...entries) });
  writer.log.append("life", { type: "first" });
  await clock.advance(1_500);
  expect(seen).toHaveLength(1);
  writer.log.append("life", { type: "second" });
  await clock.advance(1_500);
  expect(seen).toHaveLength(2);
  follower.stop();
  await Promise.all([writer.log.close(), reader.log.close()]);
});
