/**
 * The sessions of people who signed in with a server key. They are hashed and stored, so every
 * replica knows them.
 */
import { createHash } from "node:crypto";
import { randomNonce } from "@lingpai/core";
import type { Cache, CancelTimer, Clock } from "@lingpai/core";
import { z } from "zod";
import type { KeyRecord } from "../keys/key-document.ts";
import type { ServerKeys } from "../keys/server-keys.ts";

export interface Session {
  readonly key: KeyRecord;
  /** The name of the session in the store. It is not valid as a cookie. */
  readonly hash: string;
  readonly endsInMs: number;
  /** True if the store did not answer, so that this is what the replica remembers. */
  readonly isRemembered: boolean;
}

interface Known {
  readonly keyId: string;
  readonly endsAtMs: number;
  checkedAtMs: number;
  isRemembered: boolean;
}

/** After this time a person must sign in again. */
export const sessionMs: number = 12 * 3_600_000;
/** How long this replica may still accept a session that another replica ended. */
const freshMs = 1_000;
const knownMax = 10_000;

const document = z.object({ v: z.literal(1), keyId: z.string() });

export class SessionStore {
  readonly #cache: Cache;
  readonly #keys: ServerKeys;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(cache: Cache, keys: ServerKeys, clock: Clock) {
    this.#cache = cache.withPrefix("server-sessions");
    this.#keys = keys;
    this.#clock = clock;
  }

  /** Begins a session. Its token is returned once, and stored nowhere. */
  async open({ id }: KeyRecord): Promise<string> {
    const token = Buffer.from(randomNonce(32)).toString("base64url");
    await this.#cache.set(hashOf(token), JSON.stringify({ v: 1, keyId: id }), {
      ttlMs: sessionMs,
      ifVersion: "absent",
    });
    return token;
  }

  /**
   * Returns the session of a token while its key is valid. While the store is unreachable, a
   * session that this replica has read stays valid until its end.
   *
   * @throws The cache's error if this replica does not know the session.
   */
  async find(token: string): Promise<Session | undefined> {
    return this.#look(hashOf(token));
  }

  async end({ hash }: Session): Promise<void> {
    this.#known.delete(hash);
    await this.#cache.delete(hash);
  }

  /** Calls `onEnd` once, at most two seconds after the session has ended, until it is released. */
  hold({ hash }: Session, onEnd: () => void): () => void {
    let cancel: CancelTimer | undefined;
    let isReleased = false;
    const look = async (): Promise<void> => {
      const session = await this.#look(hash).catch(() => undefined);
      if (isReleased) return;
      if (session === undefined) onEnd();
      else arm();
    };
    const arm = (): void => {
      cancel = this.#clock.setTimer(freshMs, () => void look(), { background: true });
    };
    arm();
    return () => {
      isReleased = true;
      cancel?.();
    };
  }

  async #look(hash: string): Promise<Session | undefined> {
    const nowMs = this.#clock.monotonicMs();
    const before = this.#known.get(hash);
    const isFresh = before !== undefined && nowMs - before.checkedAtMs < freshMs;
    const known = isFresh ? before : await this.#read(hash, before);
    if (known === undefined || known.endsAtMs <= nowMs) {
      this.#known.delete(hash);
      return undefined;
    }
    const key = await this.#keys.find(known.keyId);
    if (key === undefined) return undefined;
    const { endsAtMs, isRemembered } = known;
    return { key, hash, endsInMs: endsAtMs - nowMs, isRemembered };
  }

  async #read(hash: string, before: Known | undefined): Promise<Known | undefined> {
    try {
      const entry = await this.#cache.get(hash);
      const parsed = document.safeParse(parse(entry?.value));
      if (entry === undefined || !parsed.success) return undefined;
      const nowMs = this.#clock.monotonicMs();
      const { keyId } = parsed.data;
      const endsAtMs = nowMs + (entry.ttlMs ?? 0);
      const known = { keyId, endsAtMs, checkedAtMs: nowMs, isRemembered: false };
      if (this.#known.size >= knownMax) this.#known.clear();
      this.#known.set(hash, known);
      return known;
    } catch (error) {
      if (before === undefined) throw error;
      before.checkedAtMs = this.#clock.monotonicMs();
      before.isRemembered = true;
      return before;
    }
  }
}

function hashOf(token: string): string {
  return createHash("sha256").update(`lingpai/session\0${token}`).digest("base64url");
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
