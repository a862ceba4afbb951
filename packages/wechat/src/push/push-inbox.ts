/**
 * Which messages the fleet has taken, so that each is worked on at least once and by one node at a
 * time: reserved before the work, done for a day after it. The store's compare-and-set is all that
 * it needs. A reservation is renewed while the work goes on and ends by itself when the process
 * dies.
 */
import { createHash } from "node:crypto";
import { CacheUnavailableError, delay } from "@lingpai/core";
import type { Cache, Clock, Random, Version } from "@lingpai/core";

export interface InboxOptions {
  readonly cache: Cache;
  readonly clock: Clock;
  readonly random: Random;
}

/** What became of the work. */
export type Outcome<T> =
  | { readonly kind: "finished"; readonly result: T }
  /** It has been done before. */
  | { readonly kind: "done"; readonly note: string }
  /** Another node, or another request, is at it. */
  | { readonly kind: "working" };

const reservedMs = 30_000;
const renewEveryMs = 10_000;
const doneMs = 86_400_000;
const lateMax = 1_000;

/** Names a message by what it says, not by how it was sealed. */
export function messageName(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}

export class PushInbox {
  readonly #marks: Cache;
  readonly #late: Cache;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor({ cache, clock, random }: InboxOptions) {
    this.#marks = cache;
    this.#late = cache.withPrefix("late");
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Does the work unless it was done in the last 24 h or is being done. When it throws, it is free
   * again at once; when the process dies, after 30 s.
   *
   * @param noteOf what to remember of the result, for {@link Outcome} `done`.
   * @throws what the work throws. @throws {CacheUnavailableError} nothing could be reserved, and
   *   nothing was done.
   */
  async once<T>(
    name: string,
    work: () => Promise<T>,
    noteOf: (result: T) => string = () => "",
  ): Promise<Outcome<T>> {
    const owner = this.#random.id();
    const reserved = await this.#marks.set(name, mark("working", owner), {
      ifVersion: "absent",
      ttlMs: reservedMs,
    });
    if (!reserved.written) return this.#found(name);
    const held = this.#hold(name, owner, reserved.version);
    let result: T;
    try {
      result = await work();
    } catch (error) {
      const { version } = await held.end();
      // If it cannot be freed now it ends by itself.
      await this.#marks.delete(name, { ifVersion: version }).catch(() => undefined);
      throw error;
    }
    await held.end();
    await this.#marks.set(name, mark("done", noteOf(result)), { ttlMs: doneMs });
    return { kind: "finished", result };
  }

  /**
   * Remembers a message whose sender has been told that it is taken before the work was done:
   * should this process die, {@link abandoned} finds it.
   */
  async keep(name: string, text: string): Promise<void> {
    const entry = { text, atMs: this.#clock.wallMs() };
    await this.#change((late) => ({
      ...Object.fromEntries(Object.entries(late).slice(1 - lateMax)),
      [name]: entry,
    }));
  }

  async forget(name: string): Promise<void> {
    await this.#change((late) => {
      if (!Object.hasOwn(late, name)) return undefined;
      const { [name]: _gone, ...rest } = late;
      return rest;
    });
  }

  /** Those that were kept and not forgotten, on whichever node; `isOld` after a day. */
  async abandoned(): Promise<
    readonly { readonly name: string; readonly text: string; readonly isOld: boolean }[]
  > {
    const nowMs = this.#clock.wallMs();
    const late = lateIn((await this.#late.get(lateKey))?.value);
    return Object.entries(late).map(([name, { text, atMs }]) => ({
      name,
      text,
      isOld: nowMs - atMs > doneMs,
    }));
  }

  async #found<T>(name: string): Promise<Outcome<T>> {
    const entry = await this.#marks.get(name);
    const [state = "working", note = ""] = entry?.value.split(" ") ?? [];
    return state === "done" ? { kind: "done", note } : { kind: "working" };
  }

  /** Renews the reservation until it is ended. */
  #hold(name: string, owner: string, reserved: Version): { end(): Promise<{ version: Version }> } {
    const ended = new AbortController();
    let version = reserved;
    const renewing = (async () => {
      for (;;) {
        await delay(this.#clock, renewEveryMs, ended.signal);
        const options = { ifVersion: version, ttlMs: reservedMs };
        // A store that does not answer may do so in time at the next turn.
        const renewed = await this.#marks
          .set(name, mark("working", owner), options)
          .catch(() => undefined);
        if (renewed?.written !== false) version = renewed?.version ?? version;
        else {
          // An answer that was lost, or another's by now.
          const entry = await this.#marks.get(name).catch(() => undefined);
          if (entry !== undefined && entry.value !== mark("working", owner)) return;
          version = entry?.version ?? version;
        }
      }
    })().catch(() => undefined);
    return {
      async end() {
        ended.abort();
        await renewing;
        return { version };
      },
    };
  }

  async #change(make: (late: LateList) => LateList | undefined): Promise<void> {
    for (let conflicts = 0; conflicts < 16; conflicts += 1) {
      const entry = await this.#late.get(lateKey);
      const next = make(lateIn(entry?.value));
      if (next === undefined) return;
      const written = await this.#late.set(lateKey, JSON.stringify(next), {
        ifVersion: entry?.version ?? "absent",
        ttlMs: doneMs,
      });
      if (written.written) return;
    }
    throw new CacheUnavailableError(
      "The list of messages that are being worked on changed 16 times while it was being written.",
    );
  }
}

const lateKey = "list";

const mark = (state: "working" | "done", detail: string): string => `${state} ${detail}`;

type LateList = Readonly<Record<string, { readonly text: string; readonly atMs: number }>>;

/** What cannot be read is no list of ours, and is written over. */
function lateIn(text: string | undefined): LateList {
  try {
    const list: unknown = JSON.parse(text ?? "{}");
    if (typeof list !== "object" || list === null) return {};
    return Object.fromEntries(
      Object.entries(list).filter(
        ([, entry]) => typeof entry?.text === "string" && typeof entry.atMs === "number",
      ),
    ) as LateList;
  } catch {
    return {};
  }
}
