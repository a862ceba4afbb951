import { ConfigurationError } from "@lingpai/core";
import { expect, test } from "vitest";
import { refuseRisks, riskNames, risksOf } from "./risks.ts";
import type { Risk, StartFacts } from "./risks.ts";

const safe: StartFacts = {
  hasKey: true,
  host: "127.0.0.1",
  isTls: false,
  store: "sqlite:lingpai-data/lingpai.sqlite",
  isSealed: true,
};

test.each<[Risk | "none", Partial<StartFacts>]>([
  ["none", {}],
  ["none", { host: "::1" }],
  ["none", { host: "localhost" }],
  ["none", { host: "127.8.9.1" }],
  ["none", { host: "0.0.0.0", isTls: true }],
  ["plain-http", { host: "0.0.0.0" }],
  ["plain-http", { host: "::" }],
  ["plain-http", { host: "10.0.0.5" }],
  ["plain-http", { host: "127.0.0.1.example.com" }],
  ["plain-http", { host: "localhost.example.com" }],
  ["no-key", { hasKey: false }],
  ["unsealed", { isSealed: false }],
  ["none", { store: "redis://127.0.0.1:6379" }],
  ["none", { store: "redis://[::1]:6379" }],
  ["none", { store: "rediss://redis.internal" }],
  ["none", { store: "rediss-cluster://10.0.0.1:6379?node=10.0.0.2:6379" }],
  ["none", { store: "postgres://db.internal/lingpai?sslmode=verify-full" }],
  ["plain-store", { store: "redis://10.0.0.5:6379" }],
  ["plain-store", { store: "redis-sentinel://127.0.0.1:26379/m?node=10.0.0.2:26379" }],
  ["plain-store", { store: "postgres://db.internal/lingpai" }],
  ["plain-store", { store: "postgres://db.internal/lingpai?sslmode=require" }],
  ["plain-store", { store: "postgres://127.0.0.1/lingpai?host=db.internal" }],
])("the risk %s is found in %j", (risk, change) => {
  expect(risksOf({ ...safe, ...change })).toEqual(risk === "none" ? [] : [risk]);
});

const worst: StartFacts = {
  hasKey: false,
  host: "0.0.0.0",
  isTls: false,
  store: "redis://:pa55@10.0.0.5:6379",
  isSealed: false,
};

test.each(Array.from({ length: 16 }, (_, bits) => bits))(
  "a start with every risk needs each of them to be allowed by name (%i)",
  (bits) => {
    const allowed = riskNames.filter((_, at) => (bits & (1 << at)) !== 0);
    const refused = riskNames.filter((name) => !allowed.includes(name));
    if (refused.length === 0) return expect(() => refuseRisks(worst, allowed)).not.toThrow();
    expect(() => refuseRisks(worst, allowed)).toThrow(ConfigurationError);
    expect(() => refuseRisks(worst, allowed)).toThrow(`--allow ${refused.join(" ")}`);
    for (const name of riskNames) {
      const line = expect.stringContaining(`\n  ${name}: `) as unknown;
      const thrown = textOf(() => refuseRisks(worst, allowed));
      expect(thrown).toEqual(
        refused.includes(name) ? line : expect.not.stringMatching(`  ${name}`),
      );
      expect(thrown).not.toContain("pa55");
    }
  },
);

function textOf(work: () => void): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}
