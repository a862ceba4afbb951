/** Finds out whether a message that this client publishes comes back to its own subscription. */
import { systemRandom, waitFor } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import { nameOf, scopeOf } from "@lingpai/core/driver";
import { redisError } from "./errors.ts";
import { changesChannel } from "./layout.ts";
import { announceScript } from "./scripts.ts";
import { keyPrefixOf, runScript } from "./store.ts";
import type { RedisStore } from "./store.ts";

/** How long a message may take, in ms: a thousand times what Redis needs. */
const patienceMs = 2_000;
/** A second message is for a machine that stood still during the first. */
const messages = 2;

/**
 * Subscribes to the changes under `path`, publishes one there, and waits for it: at most 4 s. Some
 * proxies confirm a subscription and pass no message on. The message names an entry that nobody
 * has. `cannot`: the client has no subscriptions, or the user may not publish.
 *
 * @throws {CacheUnavailableError} the server refuses or does not answer.
 */
export async function hearsItself(
  store: RedisStore,
  path: readonly string[],
  clock: Clock,
): Promise<"heard" | "silent" | "cannot"> {
  if (store.subscriptions === undefined) return "cannot";
  const name = nameOf(path, `lingpai.probe.${systemRandom.id().slice(0, 12)}`);
  try {
    const prefix = await keyPrefixOf(store, scopeOf(path));
    const heard = Promise.withResolvers<"heard">();
    const unsubscribe = await store.subscriptions.subscribe(
      prefix + changesChannel(scopeOf(path)),
      (payload) => payload === prefix + name && heard.resolve("heard"),
    );
    try {
      for (let sent = 1; sent <= messages; sent++) {
        const published = await runScript(store.port, announceScript, [name], []);
        if (Number(published) !== 1) return "cannot";
        const answer = await waitFor<"heard" | "silent">(heard.promise, {
          deadline: { clock, ms: patienceMs, onLate: () => "silent" },
        });
        if (answer === "heard") return answer;
      }
      return "silent";
    } finally {
      await unsubscribe();
    }
  } catch (error) {
    throw redisError(error, store.port.kind);
  }
}
