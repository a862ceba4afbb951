/**
 * Remembers which messages the fleet has handled, so that each is handled at least once and by one
 * node at a time. A message is reserved before the work, and marked as done for a day after it. The
 * store needs nothing but compare-and-set. A reservation is renewed during the work, and ends by
 * itself when the process dies.
 */
import { createHash } from "node:crypto";
import { CacheUnavailableError, delay } from "@lingpai/core";
import type { Cache, Clock, Random, Version } from "@lingpai/core";

export interface InboxOptions {
  readonly cache: Cache;
  readonly clock: Clock;
  readonly random: Random;
}

/** The result of an attempt to do the work. */
export type Outcome<T> =
  | { readonly kind: "finished"; readonly result: T }
  /** The work was done before. */
  | { readonly kind: "done"; readonly note: string }
  /** Another node, or another request, is doing the work. */
  | { readonly kind: "working" };

const reservedMs = 30_000;
const renewEveryMs = 10_000;
const doneMs = 86_400_000;
const lateMax = 1_000;

/** The name of a message, from its content and not from its encrypted form. */
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
   * Does the work, unless it was done in the last 24 h or is being done. If the work throws, the
   * message is free again at once; if the process dies, after 30 s.
   *
   * @param noteOf returns the text to remember of the result, for {@link Outcome} `done`.
   * @throws The errors of the work.
   * @throws {CacheUnavailableError} Nothing could be reserved, and the work was not done.
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
      // If the reservation cannot be freed now, it ends by itself.
      await this.#marks.delete(name, { ifVersion: version }).catch(() => undefined);
      throw error;
    }
    await held.end();
    await this.#marks.set(name, mark("done", noteOf(result)), { ttlMs: doneMs });
    return { kind: "finished", result };
  }

  /**
   * Remembers a message that was acknowledged before its work was done. If this process dies,
   * {@link abandoned} finds the message.
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

  /** The messages that were kept and not forgotten, on any node. `isOld` is true after a day. */
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

  /** Renews the reservation until `end` is called. */
  #hold(name: string, owner: string, reserved: Version): { end(): Promise<{ version: Version }> } {
    const ended = new AbortController();
    let version = reserved;
    const renewing = (async () => {
      for (;;) {
        await delay(this.#clock, renewEveryMs, ended.signal);
        const options = { ifVersion: version, ttlMs: reservedMs };
        // The store may answer in time at the next turn.
        const renewed = await this.#marks
          .set(name, mark("working", owner), options)
          .catch(() => undefined);
        if (renewed?.written !== false) version = renewed?.version ?? version;
        else {
          // The reply to the write was lost, or another node holds the reservation by now.
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

/** An unreadable list is not ours, and is overwritten. */
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
