/** Records when each key was last used, so that unused keys can be found. */
import type { Cache, Clock } from "@lingpai/core";
import { z } from "zod";

/** The stored record of uses. Its precision is a day. */
interface UseDocument {
  readonly v: 1;
  /** When recording began, in the store's time. */
  readonly sinceMs: number;
  readonly uses: Readonly<Record<string, number>>;
}

const useDocument: z.ZodType<UseDocument> = z.object({
  v: z.literal(1),
  sinceMs: z.number(),
  uses: z.record(z.string(), z.number()),
});

const documentKey = "uses";
const gatherMs = 1_000;
/** A key in constant use is recorded twice a day by each replica. */
const againMs = 43_200_000;
/** An older use belongs to a key that was revoked long ago. */
const keptMs = 400 * 86_400_000;
const attemptsMax = 5;

export class KeyUses {
  readonly #cache: Cache;
  readonly #clock: Clock;
  readonly #notedAtMs = new Map<string, number>();
  readonly #waiting = new Set<string>();
  #isArmed = false;

  /** @param cache the cache that holds the keys. */
  constructor(cache: Cache, clock: Clock) {
    this.#cache = cache;
    this.#clock = clock;
  }

  /** Returns at once. A use that cannot be stored is stored with a later one. */
  note(id: string): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - (this.#notedAtMs.get(id) ?? Number.NEGATIVE_INFINITY) < againMs) return;
    this.#notedAtMs.set(id, nowMs);
    this.#waiting.add(id);
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#clock.setTimer(gatherMs, () => void this.#write(), { background: true });
  }

  async #write(): Promise<void> {
    this.#isArmed = false;
    const ids = [...this.#waiting];
    this.#waiting.clear();
    try {
      for (let attempt = 1; attempt <= attemptsMax; attempt++) if (await this.#add(ids)) return;
    } catch {
      // The store is unreachable.
    }
    for (const id of ids) this.#notedAtMs.delete(id);
  }

  /** False if another replica wrote meanwhile. */
  async #add(ids: readonly string[]): Promise<boolean> {
    const entry = await this.#cache.get(documentKey);
    const nowMs =
      entry?.storeNowMs ?? (await this.#cache.set("time", "", { ttlMs: 60_000 })).storeNowMs;
    const stored = entry && useDocument.safeParse(parse(entry.value)).data;
    const { sinceMs, uses } = stored ?? { sinceMs: nowMs, uses: {} };
    const kept = Object.entries(uses).filter(([, atMs]) => nowMs - atMs < keptMs);
    const all = {
      ...Object.fromEntries(kept),
      ...Object.fromEntries(ids.map((id) => [id, nowMs])),
    };
    const value = JSON.stringify({ v: 1, sinceMs, uses: all } satisfies UseDocument);
    const condition = { ifVersion: entry?.version ?? ("absent" as const) };
    return (await this.#cache.set(documentKey, value, condition)).written;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
