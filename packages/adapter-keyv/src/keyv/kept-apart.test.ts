import KeyvRedis from "@keyv/redis";
import * as client5 from "redis-client5";
import Keyv from "keyv";
import Keyv5 from "keyv5";
import KeyvRedis6 from "keyv-redis6";
import { describe, expect, test } from "vitest";
import { keyvCache, keyvLock } from "../index.ts";

interface Separation {
  readonly namespace?: string;
  readonly keyPrefixSeparator?: string;
  readonly noNamespaceAffectsAll?: boolean;
}

const refused: readonly Separation[] = [
  { keyPrefixSeparator: "--" },
  { keyPrefixSeparator: "::lock" },
  { noNamespaceAffectsAll: true },
  { namespace: "prod", keyPrefixSeparator: ":" },
  { namespace: "prod", keyPrefixSeparator: "-" },
  { namespace: "prod", keyPrefixSeparator: "" },
  { namespace: "prod:{wx1}" },
  { namespace: "p*" },
  { namespace: "pr[o]d" },
];
const accepted: readonly Separation[] = [
  {},
  { keyPrefixSeparator: ":" },
  { namespace: "prod" },
  { namespace: "prod", keyPrefixSeparator: "/" },
  { namespace: "shop:carts" },
  { namespace: "prod", noNamespaceAffectsAll: true },
];

describe.each([
  [
    "5",
    (options: Separation) => new Keyv5({ store: new KeyvRedis("redis://127.0.0.1:1", options) }),
  ],
  [
    "6",
    (options: Separation) => new Keyv({ store: new KeyvRedis6("redis://127.0.0.1:1", options) }),
  ],
])("a lock under @keyv/redis %s", (_, connect) => {
  // Keyv 5 has a namespace unless it is disabled.
  const keyvOf = ({ namespace, ...options }: Separation): { readonly store: unknown } =>
    Object.assign(connect(options), { namespace });

  test.each(refused)(
    "is refused with %j, because the Keyv's clear() would free it",
    (separation) => {
      expect(() => keyvLock(keyvOf(separation))).toThrow(/clear\(\) of this Keyv/);
      expect(() => keyvLock(keyvOf(separation))).toThrow(
        expect.objectContaining({ code: "LOCK_UNSUPPORTED" }),
      );
    },
  );

  test.each(accepted)("is accepted with %j", (separation) => {
    expect(keyvLock(keyvOf(separation)).path).toEqual([]);
  });
});

test("a lock on that adapter's own client is refused too, and one on another client is accepted", () => {
  const [shared, own] = [client5.createClient(), client5.createClient()];
  const keyv = new Keyv5({
    store: new KeyvRedis(shared, { keyPrefixSeparator: "-" }),
    namespace: "prod",
  });
  expect(() => keyvLock(keyv, { native: shared })).toThrow(/clear\(\) of this Keyv/);
  expect(keyvLock(keyv, { native: own }).path).toEqual([]);
});

describe("a lock under @keyv/etcd", () => {
  /**
   * The members that are read. The real client connects as soon as it is constructed. The
   * conformance suite runs on the real one.
   */
  const client = {
    kv: { range() {}, txn() {}, deleteRange() {} },
    leaseClient: { leaseGrant() {} },
  };
  const keyvOf = (namespace: string | undefined): { readonly store: object } => ({
    store: { opts: { dialect: "etcd" }, client, namespace },
  });

  test.each([undefined, "", "l", "lingpai/", "lingpai/prod"])(
    "is refused with the namespace %j",
    (namespace) => {
      expect(() => keyvLock(keyvOf(namespace))).toThrow(/clear\(\) of this Keyv/);
    },
  );

  test("is accepted with any other namespace, and so is a cache, which a clear() only empties", () => {
    expect(keyvLock(keyvOf("shop")).path).toEqual([]);
    expect(keyvCache(keyvOf(undefined)).path).toEqual([]);
  });
});
