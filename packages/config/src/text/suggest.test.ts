import { expect, test } from "vitest";
import { suggestionFor } from "./suggest.ts";

test.each([
  ["appid", ["appId", "secret"], "appId"],
  ["app_id", ["appId", "secret"], "appId"],
  ["sercet", ["appId", "secret"], "secret"],
  ["overlap", ["overlapMs", "role"], "overlapMs"],
  ["prdo", ["prod", "staging"], "prod"],
  ["LINGPAI_STOR_URL", ["LINGPAI_STORE_URL", "LINGPAI_NODE"], "LINGPAI_STORE_URL"],
  ["frobnicate", ["appId", "secret"], undefined],
  ["x", ["appId"], undefined],
])("the suggestion for %j among %j is %j", (name, candidates, meant) => {
  expect(suggestionFor(name, candidates)).toBe(meant);
});
