import { refusalOfScript } from "@lingpai/test-servers";
import { expect, test } from "vitest";
import { redisError } from "./errors.ts";
import * as scripts from "./scripts.ts";
import type { Script } from "./scripts.ts";

const all = Object.values(scripts).flatMap((each): readonly Script[] =>
  Array.isArray(each)
    ? each.filter((one): one is Script => typeof one === "object")
    : typeof each === "object" && "text" in each
      ? [each as Script]
      : [],
);

test("no script is refused by a service that checks scripts before it runs them", () => {
  expect(all.length).toBeGreaterThan(14);
  expect(
    all.filter(({ text }) => refusalOfScript(text) !== undefined).map(({ name }) => name),
  ).toEqual([]);
});

test.each([
  "local key = KEYS[1]\nreturn redis.call('GET', key)",
  "return redis.call('GET', KEYS[1] .. 'x')",
  "return redis.call(unpack(ARGV))",
])("the check itself refuses %j, and the refusal has a remedy", (text) => {
  const refusal = refusalOfScript(text);
  expect(refusal).toMatch(/^ERR bad lua script/);
  const error = redisError(new Error(refusal), "ioredis");
  expect(error).toMatchObject({ code: "CACHE_UNAVAILABLE", reason: "forbidden", retryable: false });
  expect(error.message).toContain(
    "it checks scripts and refused one of Lingpai's. Set script_check_enable to 0",
  );
});
