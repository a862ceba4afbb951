/** The state of the page, and the functions that change it. Components only read it. */
import type { OverviewRow, SessionInfo } from "@lingpai/server";
import { batch, effect, signal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { api, ApiError } from "./api.ts";
import { followLive } from "./live.ts";
import type { LiveMessage, StreamState } from "./live.ts";
import { routeOf } from "./route.ts";
import type { Route } from "./route.ts";
import type { Dictionary } from "./i18n/dictionary.ts";
import { languages, loadDictionary } from "./i18n/languages.ts";
import type { Language } from "./i18n/languages.ts";
import { after, every, nowMs } from "./time.ts";

/** A row, and when it was read, so that its durations can count on. */
export interface HeldRow {
  readonly row: OverviewRow;
  readonly atMs: number;
}

export type Theme = "auto" | "light" | "dark";

export interface App {
  /** `unknown`: not asked yet. `ended`: there was a session. */
  readonly session: Signal<SessionInfo | "unknown" | "none" | "ended">;
  readonly rows: Signal<ReadonlyMap<string, HeldRow> | undefined>;
  readonly hasLog: Signal<boolean>;
  readonly stream: Signal<StreamState>;
  /** When the server last answered, by {@link nowMs}. */
  readonly heardAtMs: Signal<number>;
  readonly isUnreachable: Signal<boolean>;
  /** True while the server answers and its store does not. */
  readonly isStoreAway: Signal<boolean>;
  /** {@link nowMs}, updated once a second. */
  readonly now: Signal<number>;
  /** The server's wall clock minus {@link nowMs}. */
  readonly wallOffsetMs: Signal<number>;
  readonly route: Signal<Route>;
  readonly language: Signal<Language>;
  readonly dictionary: Signal<Dictionary>;
  readonly theme: Signal<Theme>;
  /** Increases with each event of a credential, or for `undefined` with any event. */
  readonly changes: Signal<ReadonlyMap<string, number>>;
  signIn(key: string): Promise<void>;
  signOut(): Promise<void>;
  /** Reads the rows of these credentials again, or all rows. */
  reload(refs?: readonly string[]): Promise<void>;
  choose(language: Language): Promise<void>;
}

/**
 * Loads everything that the first screen needs before it is rendered, so that nothing moves
 * afterwards.
 */
export async function createApp(): Promise<App> {
  const stored = localStorage.getItem("lingpai-language");
  const language = languages.find((one) => one === stored) ?? preferred();
  const dictionary = await loadDictionary(language);
  const app = new PageApp(language, dictionary);
  await app.begin();
  return app;
}

function preferred(): Language {
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith("zh")) &&
    !navigator.language.toLowerCase().startsWith("en")
    ? "zh"
    : "en";
}

/** Events come in bursts, so rows are read together. */
const gatherMs = 400;
const contactMs = 10_000;
const reconcileMs = 60_000;
const refsMax = 20;

class PageApp implements App {
  readonly session: App["session"] = signal<SessionInfo | "unknown" | "none" | "ended">("unknown");
  readonly rows: App["rows"] = signal<ReadonlyMap<string, HeldRow> | undefined>(undefined);
  readonly hasLog = signal(true);
  readonly stream: App["stream"] = signal<StreamState>("connecting");
  readonly heardAtMs = signal(0);
  readonly isUnreachable = signal(false);
  readonly isStoreAway = signal(false);
  readonly now = signal(nowMs());
  readonly wallOffsetMs = signal(0);
  readonly route: App["route"] = signal<Route>(routeOf(location.hash));
  readonly language: App["language"];
  readonly dictionary: App["dictionary"];
  readonly theme: App["theme"];
  readonly changes: App["changes"] = signal<ReadonlyMap<string, number>>(new Map());
  readonly #dirty = new Set<string>();
  #isAllDirty = false;
  #isGathering = false;
  #following: AbortController | undefined;

  constructor(language: Language, dictionary: Dictionary) {
    this.language = signal(language);
    this.dictionary = signal(dictionary);
    const theme = localStorage.getItem("lingpai-theme");
    this.theme = signal<Theme>(theme === "light" || theme === "dark" ? theme : "auto");
  }

  async begin(): Promise<void> {
    effect(() => {
      document.documentElement.dataset["theme"] = this.theme.value;
      localStorage.setItem("lingpai-theme", this.theme.value);
    });
    effect(() => {
      document.documentElement.lang = this.dictionary.value.locale;
      document.title = this.dictionary.value.title;
    });
    addEventListener("hashchange", () => {
      this.route.value = routeOf(location.hash);
      scrollTo(0, 0);
    });
    every(1_000, () => (this.now.value = nowMs()));
    every(contactMs, () => void this.#touch());
    every(reconcileMs, () => {
      if (document.visibilityState === "visible" && this.#following) void this.reload();
    });
    await this.#resume();
  }

  async signIn(key: string): Promise<void> {
    this.session.value = await api.signIn(key);
    this.#heard();
    await this.reload();
    this.#follow();
  }

  async signOut(): Promise<void> {
    await api.signOut().catch(() => undefined);
    this.#leave("none");
  }

  async reload(refs?: readonly string[]): Promise<void> {
    try {
      const { credentials, hasLog, wallMs } = await api.overview(refs);
      const atMs = nowMs();
      const fresh = credentials.map((row) => [row.ref, { row, atMs }] as const);
      batch(() => {
        this.#heard();
        this.now.value = atMs;
        this.wallOffsetMs.value = wallMs - atMs;
        this.hasLog.value = hasLog;
        const kept = refs === undefined ? [] : (this.rows.value ?? []);
        this.rows.value = new Map([...kept, ...fresh]);
      });
    } catch (error) {
      this.#failed(error);
    }
  }

  async choose(language: Language): Promise<void> {
    const dictionary = await loadDictionary(language);
    localStorage.setItem("lingpai-language", language);
    batch(() => {
      this.language.value = language;
      this.dictionary.value = dictionary;
    });
  }

  async #resume(): Promise<void> {
    try {
      const session = await api.session();
      if (session !== undefined) await this.reload();
      this.isStoreAway.value = session?.degraded === "store";
      this.session.value = session ?? "none";
      if (session !== undefined) this.#follow();
    } catch (error) {
      this.#failed(error);
    }
  }

  #follow(): void {
    this.#following?.abort();
    this.#following = new AbortController();
    followLive({
      onMessage: (message) => this.#take(message),
      onBreak: () => this.#touch(),
      signal: this.#following.signal,
    });
  }

  #take(message: LiveMessage): void {
    if (message.kind === "state") {
      const isBack = message.state === "open" && this.stream.value !== "open";
      this.stream.value = message.state;
      // Everything is read again, because events may have been missed.
      if (isBack && this.rows.value !== undefined) this.#gather(undefined);
      return;
    }
    this.#heard();
    this.#gather(message.kind === "event" ? message.ref : undefined);
  }

  #gather(ref: string | undefined): void {
    if (ref === undefined) this.#isAllDirty = true;
    else {
      this.#dirty.add(ref);
      const changes = new Map(this.changes.value);
      changes.set(ref, (changes.get(ref) ?? 0) + 1);
      this.changes.value = changes;
    }
    if (this.#isGathering) return;
    this.#isGathering = true;
    after(gatherMs, () => {
      this.#isGathering = false;
      const refs = [...this.#dirty];
      const isAll = this.#isAllDirty || refs.length > refsMax;
      this.#dirty.clear();
      this.#isAllDirty = false;
      void this.reload(isAll ? undefined : refs);
    });
  }

  /**
   * Checks that the server answers and the session is valid. Without a session, checks whether
   * there is one.
   */
  async #touch(): Promise<void> {
    if (this.session.value === "none" || this.session.value === "ended") return;
    if (this.session.value === "unknown") return this.#resume();
    try {
      const session = await api.session();
      if (session === undefined) return this.#leave("ended");
      const isStoreAway = session.degraded === "store";
      const isOld = this.isUnreachable.value || this.isStoreAway.value !== isStoreAway;
      this.#heard();
      this.isStoreAway.value = isStoreAway;
      if (isOld) await this.reload();
    } catch (error) {
      this.#failed(error);
    }
  }

  #heard(): void {
    batch(() => {
      this.heardAtMs.value = nowMs();
      this.isUnreachable.value = false;
    });
  }

  #failed(error: unknown): void {
    if (error instanceof ApiError && error.status === 401) {
      if (typeof this.session.value === "object") this.#leave("ended");
    } else if (error instanceof ApiError && (error.status === 0 || error.status >= 502))
      this.isUnreachable.value = true;
  }

  #leave(session: "none" | "ended"): void {
    this.#following?.abort();
    this.#following = undefined;
    batch(() => {
      this.session.value = session;
      this.rows.value = undefined;
      this.stream.value = "connecting";
    });
  }
}

export const AppContext: ReturnType<typeof createContext<App | undefined>> = createContext<
  App | undefined
>(undefined);

export function useApp(): App {
  const app = useContext(AppContext);
  if (app === undefined) throw new Error("There is no AppContext around this component.");
  return app;
}

/** The row at this moment: its durations minus the time since it was read. */
export function aged({ atMs, row }: HeldRow, nowMs: number): OverviewRow {
  const passedMs = Math.max(0, nowMs - atMs);
  const less = (ms: number | undefined): number | undefined =>
    ms === undefined ? undefined : Math.max(0, ms - passedMs);
  return {
    ...row,
    ageMs: row.ageMs === undefined ? undefined : row.ageMs + passedMs,
    expiresInMs: less(row.expiresInMs),
    renewsInMs: less(row.renewsInMs),
    conflict: row.conflict && {
      ...row.conflict,
      sinceAgoMs: row.conflict.sinceAgoMs + passedMs,
      lastAgoMs: row.conflict.lastAgoMs + passedMs,
    },
  };
}
