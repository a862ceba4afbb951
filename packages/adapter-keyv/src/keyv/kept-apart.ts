/**
 * Whether the `clear()` of a Keyv's own adapter would remove leases and fences of ours, which would
 * let a second holder in.
 */
import { isObject } from "../store/shape.ts";
import type { Members } from "../store/shape.ts";

/**
 * What is wrong with the adapter, and what to do; undefined when its `clear()` leaves our locks
 * alone.
 *
 * memcached is not looked at: its `clear()` empties the server, which `guarantee: "advisory"`
 * accepts.
 *
 * @param outer the namespace of what Keyv 6 wraps round an adapter that has none of its own
 */
export function clearedLocks(adapter: unknown, outer: unknown): string | undefined {
  if (!isObject(adapter)) return undefined;
  if (typeof adapter["keyPrefixSeparator"] === "string")
    return clearedInRedis(adapter, adapter["keyPrefixSeparator"]);
  if (isObject(adapter["opts"]) && adapter["opts"]["dialect"] === "etcd")
    return clearedInEtcd(adapter["namespace"] ?? outer);
  return undefined;
}

/** The ends of every name that a lock of ours has in Redis. */
const lockEnds = ["}::lock", "}::fence"];

/**
 * `@keyv/redis` removes what matches `NAMESPACE SEPARATOR *`; without a namespace, what does not
 * contain the separator.
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
 * A lock's name is made of `SEGMENT:`, then `{KEY}::lock`: letters, digits, `.` `_` `-` `%`, and no
 * two colons before the brace.
 */
function isNoBeginning(pattern: string): boolean {
  if (/[*?[\]\\]/.test(pattern)) return false;
  return /[^\w.%:{}-]/.test(pattern) || /^[^{}]*::/.test(pattern);
}

const etcdPrefix = "lingpai/";

/** `@keyv/etcd` removes what begins with its namespace, and everything when it has none. */
function clearedInEtcd(namespace: unknown): string | undefined {
  if (typeof namespace !== "string" || namespace === "")
    return "clear() of this Keyv empties etcd, Lingpai's locks with it. Give the Keyv a namespace";
  if (!etcdPrefix.startsWith(namespace) && !namespace.startsWith(etcdPrefix)) return undefined;
  return `clear() of this Keyv removes every key that begins with "${namespace}", Lingpai's locks among them. Choose another namespace`;
}
