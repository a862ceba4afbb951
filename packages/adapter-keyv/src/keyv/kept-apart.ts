/**
 * Tells whether the `clear()` of a Keyv's own adapter would remove Lingpai's leases and fences,
 * which would let a second holder in.
 */
import { isObject } from "../store/shape.ts";
import type { Members } from "../store/shape.ts";

/**
 * Returns the problem with the adapter and its remedy, or undefined if its `clear()` leaves
 * Lingpai's locks alone.
 *
 * memcached is not checked: its `clear()` empties the server, which `guarantee: "advisory"`
 * accepts.
 *
 * @param outer the namespace of the wrapper that Keyv 6 puts round an adapter without one
 */
export function clearedLocks(adapter: unknown, outer: unknown): string | undefined {
  if (!isObject(adapter)) return undefined;
  if (typeof adapter["keyPrefixSeparator"] === "string")
    return clearedInRedis(adapter, adapter["keyPrefixSeparator"]);
  if (isObject(adapter["opts"]) && adapter["opts"]["dialect"] === "etcd")
    return clearedInEtcd(adapter["namespace"] ?? outer);
  return undefined;
}

/** The suffixes of every key that one of Lingpai's locks has in Redis. */
const lockEnds = ["}::lock", "}::fence"];

/**
 * `@keyv/redis` removes the keys that match `NAMESPACE SEPARATOR *`. Without a namespace it removes
 * those that do not contain the separator.
 */
function clearedInRedis(adapter: Members, separator: string): string | undefined {
  const { namespace } = adapter;
  if (typeof namespace === "string" && namespace !== "") {
    const pattern = namespace + separator;
    if (isNoBeginning(pattern)) return undefined;
    return `clear() of this Keyv removes every key that matches "${pattern}*", Lingpai's locks among them. Keep keyPrefixSeparator "::", and a namespace without * ? [ ] \\ and {`;
  }
  if (adapter["noNamespaceAffectsAll"] === true)
    return "clear() of this Keyv empties the whole database (noNamespaceAffectsAll), Lingpai's locks with it. Give the Keyv a namespace";
  if (lockEnds.every((end) => end.includes(separator))) return undefined;
  return `clear() of this Keyv removes every key without "${separator}", Lingpai's locks among them. Keep keyPrefixSeparator "::"`;
}

/**
 * A lock's name is `SEGMENT:`, then `{KEY}::lock`. A segment has letters, digits, `.` `_` `-` `%`,
 * and no two colons before the brace.
 */
function isNoBeginning(pattern: string): boolean {
  if (/[*?[\]\\]/.test(pattern)) return false;
  return /[^\w.%:{}-]/.test(pattern) || /^[^{}]*::/.test(pattern);
}

const etcdPrefix = "lingpai/";

/** `@keyv/etcd` removes the keys that begin with its namespace, or everything if it has none. */
function clearedInEtcd(namespace: unknown): string | undefined {
  if (typeof namespace !== "string" || namespace === "")
    return "clear() of this Keyv empties etcd, Lingpai's locks with it. Give the Keyv a namespace";
  if (!etcdPrefix.startsWith(namespace) && !namespace.startsWith(etcdPrefix)) return undefined;
  return `clear() of this Keyv removes every key that begins with "${namespace}", Lingpai's locks among them. Choose another namespace`;
}
