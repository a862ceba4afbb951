/** Reads the sources, remembers the last settings of each, and assembles a configuration. */
import type { Clock, Random } from "@lingpai/core";
import { ConfigurationError, delay, LingpaiError } from "@lingpai/core";
import type { Config, Sealer } from "../config.ts";
import { configOf } from "../config.ts";
import { sharedAppIdProblems } from "../checks/shared-app-id.ts";
import { destinationProblems } from "../checks/destinations.ts";
import { environmentProblems } from "../checks/environments.ts";
import { environmentsIn, settingsFor } from "../layers.ts";
import type { LayeredSetting, Layer } from "../layers.ts";
import type { Problem } from "../problem.ts";
import { InvalidConfigError } from "../problem.ts";
import { checkSection } from "../checks/section-problems.ts";
import type { Setting } from "../setting.ts";
import { nameText } from "../setting.ts";
import type { Snapshots } from "./snapshot.ts";
import type { ConfigSource } from "../source.ts";

export interface ReaderOptions {
  readonly sources: readonly ConfigSource[];
  readonly environment: string;
  readonly clock: Clock;
  readonly random: Random;
  /** How long a source may take, in ms. */
  readonly deadlineMs: number;
  /**
   * How long after a read that found fewer or malformed settings the second read follows, in ms.
   */
  readonly debounceMs: number;
  /** Hosts that may receive secrets beside the platform's. */
  readonly allowedHosts: readonly string[];
  readonly snapshots: Snapshots | undefined;
}

/** The configuration, or the problems that prevent it. */
export type Reading =
  | { readonly config: Config; readonly problems: readonly Problem[] }
  | { readonly config: undefined; readonly problems: readonly Problem[] };

/** The last good settings of a source. */
export interface SourceState {
  /**
   * When these settings were read, in ms since the Unix epoch. For a snapshot, when it was taken.
   */
  readonly readAtMs: number;
  readonly isSnapshot: boolean;
  readonly settings: readonly Setting[];
}

export interface ReadOptions {
  /** True if the sources were quiet before this read. Their settings are then not read twice. */
  readonly isSettled?: boolean;
}

export class Reader {
  readonly #options: ReaderOptions;
  readonly #sealer: Sealer;
  readonly #last = new Map<ConfigSource, SourceState>();
  readonly #problems = new Map<ConfigSource, readonly Problem[]>();

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#sealer = { key: options.random.id() };
  }

  /** Returns the last good settings of this source; undefined before its first good read. */
  stateOf(source: ConfigSource): SourceState | undefined {
    return this.#last.get(source);
  }

  /** Returns the problems of its last read. */
  problemsOf(source: ConfigSource): readonly Problem[] {
    return this.#problems.get(source) ?? [];
  }

  /**
   * Reads these sources again and keeps the others as they are. If one fails, its last good
   * settings or its snapshot are used, and its problem is reported beside the configuration.
   * Without either there is no configuration.
   */
  async read(
    sources: readonly ConfigSource[],
    signal: AbortSignal,
    { isSettled = false }: ReadOptions = {},
  ): Promise<Reading> {
    const results = await Promise.all(
      sources.map(async (source) => {
        const problems = await this.#load(source, signal, isSettled);
        this.#problems.set(source, problems);
        return problems;
      }),
    );
    const problems = results.flat();
    if (this.#options.sources.some((source) => !this.#last.has(source)))
      return { config: undefined, problems };
    const made = this.#assemble();
    const kept = made.config === undefined ? [] : await this.#keepSnapshots();
    return { config: made.config, problems: [...problems, ...made.problems, ...kept] };
  }

  async #load(
    source: ConfigSource,
    signal: AbortSignal,
    isSettled: boolean,
  ): Promise<readonly Problem[]> {
    const last = this.#last.get(source);
    let found = await this.#ask(source, signal);
    if (last !== undefined && !isSettled && (isMalformed(found) || isLess(found, last))) {
      // While an editor saves or a volume is replaced, settings may be missing for a moment.
      await delay(this.#options.clock, this.#options.debounceMs, signal).catch(() => undefined);
      found = await this.#ask(source, signal);
    }
    if ("error" in found) return this.#fallBack(source, found.error);
    if (last !== undefined && last.settings.length > 0 && found.settings.length === 0)
      return [emptied(source)];
    this.#last.set(source, {
      settings: found.settings,
      readAtMs: this.#options.clock.wallMs(),
      isSnapshot: false,
    });
    return [];
  }

  async #ask(source: ConfigSource, signal: AbortSignal): Promise<Found> {
    const { environment, clock, random, deadlineMs } = this.#options;
    const deadline = new AbortController();
    const late = new ConfigurationError(
      `did not answer within ${deadlineMs} ms (sourceDeadlineMs). Check whether it can be reached from here`,
    );
    const cancel = clock.setTimer(deadlineMs, () => deadline.abort(late));
    const combined = AbortSignal.any([signal, deadline.signal]);
    try {
      return {
        settings: await abandonable(
          source.load({ environment, clock, random, signal: combined }),
          combined,
        ),
      };
    } catch (error) {
      return { error };
    } finally {
      cancel();
    }
  }

  /** Returns the problems of a source. If it has never been read, its snapshot is used. */
  async #fallBack(source: ConfigSource, error: unknown): Promise<readonly Problem[]> {
    const problems = sourceProblems(source, error);
    const { snapshots } = this.#options;
    if (this.#last.has(source) || source.isRemote !== true || snapshots === undefined)
      return problems;
    try {
      const snapshot = await snapshots.read(source);
      if (snapshot === undefined) return problems;
      this.#last.set(source, {
        settings: snapshot.settings,
        readAtMs: snapshot.takenAtMs,
        isSnapshot: true,
      });
      return problems;
    } catch (failure) {
      return [...problems, ...sourceProblems(source, failure)];
    }
  }

  /** Writes the centres' settings, which are now known to be a complete and valid configuration. */
  async #keepSnapshots(): Promise<readonly Problem[]> {
    const { snapshots, sources } = this.#options;
    if (snapshots === undefined) return [];
    const writes = sources.map(async (source) => {
      const state = this.#last.get(source);
      if (source.isRemote !== true || state === undefined || state.isSnapshot) return [];
      return snapshots.write(source, state.settings).then(
        () => [],
        (error: unknown) => sourceProblems(source, error),
      );
    });
    return (await Promise.all(writes)).flat();
  }

  #assemble(): Reading {
    const { sources, environment: own, allowedHosts } = this.#options;
    const layers = sources.map((source, index): Layer => ({
      source: index,
      scope: source.scope ?? "all",
      trust: source.trust ?? "centres",
      settings: this.#last.get(source)?.settings ?? [],
    }));
    const environments = environmentsIn(layers, own);
    const sections = new Map<string, readonly LayeredSetting[]>(
      environments.map((name) => [name, settingsFor(name, layers, own)]),
    );
    const checks = environments.map((name) => checkSection(sections.get(name) ?? [], name === own));
    const problems = [
      ...environmentProblems(layers, own),
      ...checks.flatMap((check) => check.problems),
      ...sharedAppIdProblems(sections),
      ...destinationProblems(sections.get(own) ?? [], allowedHosts),
    ];
    const section = checks[0]?.section;
    if (problems.length > 0 || section === undefined)
      return { config: undefined, problems: distinct(problems) };
    return {
      config: configOf(
        { environment: own, section, settings: sections.get(own) ?? [] },
        this.#sealer,
      ),
      problems: [],
    };
  }
}

/** Drops repeated problems: settings for all environments are checked in each of them. */
function distinct(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Map(
    problems.map((problem) => [
      JSON.stringify([problem.place, problem.path, problem.text]),
      problem,
    ]),
  );
  return [...seen.values()];
}

type Found = { readonly settings: readonly Setting[] } | { readonly error: unknown };

/** True if the source was read and is malformed, false if it could not be reached. */
function isMalformed(found: Found): boolean {
  return "error" in found && found.error instanceof InvalidConfigError;
}

/** True if a setting of the last read is missing. */
function isLess(found: Found, last: SourceState): boolean {
  if ("error" in found) return false;
  const paths = new Set(found.settings.map(({ path }) => path.join("\0")));
  return last.settings.some(({ path }) => !paths.has(path.join("\0")));
}

function emptied(source: ConfigSource): Problem {
  const text =
    "is empty or missing, and had settings before. Those stay in force. Fill it again, or restart this process if that is intended.";
  return { path: "", place: source.name, text };
}

/**
 * Describes the error of a source. Errors of this package's sources are shown as they are; of a
 * foreign error only the name and the code are shown.
 */
export function sourceProblems(source: ConfigSource, error: unknown): readonly Problem[] {
  if (error instanceof InvalidConfigError) return error.problems;
  const place = source.name;
  if (error instanceof LingpaiError) return [{ path: "", place, text: sentence(error.message) }];
  const code =
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    /^[A-Z][A-Z0-9_]{1,63}$/.test(error.code)
      ? ` ${error.code}`
      : "";
  const name = error instanceof Error ? nameText(error.name) : "not an Error";
  return [
    {
      path: "",
      place,
      text: `could not be read (${name}${code}). Check whether it exists and may be read.`,
    },
  ];
}

function sentence(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}

/**
 * Settles with the work, or rejects with the signal's reason. A later result is dropped.
 */
function abandonable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
