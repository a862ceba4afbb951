/**
 * Refuses an argument that is not a client, at construction, with a name for what it is. Without
 * this check it would fail later and elsewhere.
 */
import { ConfigurationError } from "@lingpai/core";

type Library = "ioredis" | "@redis/client";

const wanted: Readonly<Record<Library, string>> = {
  ioredis: "Give it a Redis or a Cluster of ioredis: new Redis(url).",
  "@redis/client":
    "Give it a client of @redis/client or redis, from createClient, createCluster or createSentinel.",
};

/**
 * Accepts a client of the library, or a wrapper with its members.
 *
 * @throws {ConfigurationError} `client`: the argument is something else, or the client is in
 *   subscriber mode, in which it can run no other command.
 */
export function requireClient(given: unknown, library: Library): void {
  const found = kindOf(given);
  if (found !== library)
    throw new ConfigurationError(`The client is ${found}. ${remedyFor(found, library)}`, {
      rule: "client",
    });
  if (!subscribes(given as object)) return;
  throw new ConfigurationError(
    "The client is in subscriber mode, so it can run no other command. Give a client of its own, or its duplicate().",
    {
      rule: "client",
    },
  );
}

/** Returns the library of this client, or a description of the argument. */
function kindOf(given: unknown): string {
  if (given === undefined || given === null) return String(given);
  if (typeof given === "function")
    return /^class\b/.test(String(given)) || hasMembers(given.prototype, "evalsha")
      ? "a class, not an instance of it"
      : "a function";
  if (typeof given !== "object") return `a ${typeof given}`;
  if (given instanceof Promise || hasMembers(given, "then")) return "a promise of something";
  if ("isPipeline" in given || hasMembers(given, "execAsPipeline"))
    return "a pipeline or a transaction";
  if (hasMembers(given, "execute") && "clientsInUse" in given) return "a pool of clients";
  if (hasMembers(given, "evalSha", "eval", "withTypeMapping")) return "@redis/client";
  if (
    hasMembers(given, "evalsha", "eval") &&
    (hasMembers(given, "nodes") || hasMembers(given, "call", "duplicate"))
  )
    return "ioredis";
  if (hasMembers(given, "tryAcquire") || hasMembers(given, "withPrefix"))
    return "a cache or a lock of Lingpai";
  return "an object without the members of a client, such as options";
}

function remedyFor(found: string, library: Library): string {
  if (found === "ioredis" || found === "@redis/client")
    return `Use the adapter for that library. ${wanted[library]}`;
  if (found === "a promise of something") return `Await it first. ${wanted[library]}`;
  return wanted[library];
}

function subscribes(client: object): boolean {
  const options: unknown = "options" in client ? client.options : undefined;
  const isResp2 =
    typeof options === "object" && options !== null && "RESP" in options && options.RESP === 2;
  if ("isPubSubActive" in client && client.isPubSubActive === true) return isResp2;
  return "mode" in client && client.mode === "subscriber";
}

function hasMembers(given: unknown, ...names: readonly string[]): boolean {
  if ((typeof given !== "object" && typeof given !== "function") || given === null) return false;
  return names.every((name) => typeof (given as Record<string, unknown>)[name] === "function");
}
