import { ConfigurationError } from "@lingpai/core";
import { expect, test } from "vitest";
import { isStoreAddress, parseStoreAddress } from "./store-address.ts";

const anonymous = { username: undefined, password: undefined, db: 0, isTls: false };

test.each([
  ["redis://10.0.0.5:6379/2", { kind: "redis", url: "redis://10.0.0.5:6379/2" }],
  ["valkeys://cache.internal", { kind: "redis", url: "rediss://cache.internal" }],
  ["postgresql://u@db/lingpai", { kind: "postgres", url: "postgresql://u@db/lingpai" }],
  ["sqlite:tokens.sqlite", { kind: "sqlite", file: "tokens.sqlite" }],
  ["sqlite:///var/lib/t.sqlite", { kind: "sqlite", file: "/var/lib/t.sqlite" }],
  ["sqlite:/var/lib/t.sqlite", { kind: "sqlite", file: "/var/lib/t.sqlite" }],
  ["sqlite:C:\\data\\t.sqlite", { kind: "sqlite", file: "C:\\data\\t.sqlite" }],
  ["sqlite:///C:/data/t.sqlite", { kind: "sqlite", file: "C:/data/t.sqlite" }],
  [
    "redis-cluster://10.0.0.1?node=10.0.0.2:6380&node=[fd00::1]:6381",
    {
      kind: "cluster",
      nodes: [
        { host: "10.0.0.1", port: 6_379 },
        { host: "10.0.0.2", port: 6_380 },
        { host: "fd00::1", port: 6_381 },
      ],
      login: anonymous,
    },
  ],
  [
    "rediss-sentinel://app:p%40ss@s1:26379/my%20primary?node=s2&db=3&sentinelPassword=x",
    {
      kind: "sentinel",
      nodes: [
        { host: "s1", port: 26_379 },
        { host: "s2", port: 26_379 },
      ],
      name: "my primary",
      login: { username: "app", password: "p@ss", db: 3, isTls: true },
      sentinelPassword: "x",
    },
  ],
])("the address %s is accepted", (address, parsed) => {
  expect(parseStoreAddress(address)).toEqual(parsed);
});

test.each([
  "",
  "redis",
  "redis://",
  "http://s3cr3t.example.com",
  "sqlite:",
  "redis-sentinel://s3cr3t:26379",
  "redis-sentinel://s1/a/s3cr3t",
  "redis-cluster://s1?node=a/s3cr3t",
  "redis-cluster://s1?node=user@s3cr3t",
  "redis-cluster://s1?db=s3cr3t",
  "redis://s1 s3cr3t",
])("the address %j is refused, and nothing of it is shown", (address) => {
  expect(isStoreAddress(address)).toBe(false);
  expect(() => parseStoreAddress(address)).toThrow(ConfigurationError);
  expect(() => parseStoreAddress(address)).not.toThrow(/s3cr3t/);
});
