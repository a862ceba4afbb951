/** A second copy of core in this process, without the source lines of events and traces. */
import { registerHooks } from "node:module";
import type * as core from "@lingpai/core";

const marker = "?without-tracing";

/**
 * The removed texts, by file. Each must exist, so that the bench does not compare core with itself.
 */
const edits: Readonly<Record<string, readonly [from: string, to: string]>> = {
  "events/tracing.ts": ["if (!channel.hasSubscribers) return work();", "return work();"],
  "events/event-bus.ts": [
    "if (this.#isClosed || !(this.#hasListeners",
    "if (true || !(this.#hasListeners",
  ],
};

/** @throws {Error} Core's source no longer contains a text that is to be removed. */
export async function coreWithoutTracing(): Promise<typeof core> {
  const index = import.meta.resolve("@lingpai/core");
  const folder = new URL(".", index).href;
  const edited = new Set<string>();
  const hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      const isOfCopy = context.parentURL?.endsWith(marker) === true;
      return isOfCopy && resolved.url.startsWith(folder)
        ? { ...resolved, url: resolved.url + marker }
        : resolved;
    },
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const file = url.slice(folder.length, -marker.length);
      const edit = url.startsWith(folder) && url.endsWith(marker) ? edits[file] : undefined;
      if (edit === undefined) return loaded;
      const source = String(loaded.source);
      if (!source.includes(edit[0])) throw new Error(`${file} no longer has: ${edit[0]}`);
      edited.add(file);
      return { ...loaded, source: source.replace(...edit) };
    },
  });
  try {
    const copy = (await import(index + marker)) as typeof core;
    if (edited.size < Object.keys(edits).length)
      throw new Error("Core no longer loads what is to be taken out.");
    return copy;
  } finally {
    hooks.deregister();
  }
}
