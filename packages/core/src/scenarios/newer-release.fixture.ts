/**
 * A later release, as an older one meets it. It keeps fields of its own at every level of the
 * document, or uses a schema of its own.
 */
import type { Cache } from "../cache/cache.ts";

interface Json {
  readonly [name: string]: unknown;
}

/** Only the later release knows this field, and adds it where it is missing. */
export const laterField = "laterField";

/**
 * The store as a node of a later release of the same schema uses it: it writes one more field in
 * every object, and a reason of its own.
 *
 * @param missing is called with the path of each object that came back from the store without the
 *   field.
 */
export function laterFields(cache: Cache, missing: (path: string) => void): Cache {
  return documents(cache, {
    read: (document) => {
      for (const path of objectsIn(document))
        if (!Object.hasOwn(at(document, path), laterField)) missing(path.join("."));
      return document;
    },
    write: (document) => withField(document) as Json,
  });
}

/** The store as a node of a release with another schema uses it. */
export function laterSchema(cache: Cache, v: number): Cache {
  return documents(cache, {
    read: (document) => ({ ...document, v: 1 }),
    write: (document) => ({ ...document, v }),
  });
}

interface Codec {
  readonly read: (document: Json) => Json;
  readonly write: (document: Json) => Json;
}

function documents(cache: Cache, codec: Codec): Cache {
  return {
    ...cache,
    path: cache.path,
    pushesChanges: cache.pushesChanges,
    get: async (key) => {
      const entry = await cache.get(key);
      return entry && { ...entry, value: recoded(entry.value, codec.read) };
    },
    set: (key, value, options) => cache.set(key, recoded(value, codec.write), options),
    delete: (key, options) => cache.delete(key, options),
    clear: () => cache.clear(),
    keys: () => cache.keys(),
    ...(cache.watch && { watch: (listener, options) => cache.watch!(listener, options) }),
    withPrefix: (segment) => documents(cache.withPrefix(segment), codec),
    // The registry of claims is no document.
    at: (path) => cache.at(path),
    close: () => cache.close(),
  };
}

function recoded(text: string, change: (document: Json) => Json): string {
  return JSON.stringify(change(JSON.parse(text) as Json));
}

function withField(value: unknown): unknown {
  if (!isObject(value)) return value;
  const fields = Object.entries(value).map(([name, inner]) => [
    name,
    name === "reason" ? "handover" : withField(inner),
  ]);
  return { [laterField]: 1, ...(Object.fromEntries(fields) as Json) };
}

function objectsIn(value: Json, path: readonly string[] = []): (readonly string[])[] {
  const inner = Object.entries(value).flatMap(([name, field]) =>
    isObject(field) ? objectsIn(field, [...path, name]) : [],
  );
  return [path, ...inner];
}

function at(document: Json, path: readonly string[]): Json {
  return path.reduce<Json>((object, name) => object[name] as Json, document);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
