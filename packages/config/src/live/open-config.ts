/**
 * Keeps a configuration up to date. It watches the sources, applies valid changes and refuses
 * invalid ones.
 */
import { ClosedError, ConfigurationError, systemClock, systemRandom, waitFor } from "@lingpai/core";
import type { Clock, Random } from "@lingpai/core";
import type { ConfigOptions, LiveConfig, SourceStatus } from "./config-options.ts";
import type { Config } from "../config.ts";
import { createDebounce } from "./debounce.ts";
import type { Debounce } from "./debounce.ts";
import type { ConfigEvent, ConfigEventData, ConfigEventType } from "./events.ts";
import type { Problem } from "../problem.ts";
import { InvalidConfigError, problemText } from "../problem.ts";
import { checkedEnvironment } from "../checks/environments.ts";
import { Reader, sourceProblems } from "./reader.ts";
import type { ReadOptions } from "./reader.ts";
import { Snapshots } from "./snapshot.ts";
import { requireConfigOptions } from "./require-options.ts";
import type { ConfigSource } from "../source.ts";
import { keepWatching } from "./watching.ts";
import type { WatchReport } from "./watching.ts";

/**
 * Reads the configuration once.
 *
 * @throws {InvalidConfigError} `CONFIGURATION`. It names every problem with its file and line,
 *   variable or key, and the remedy.
 */
export async function loadConfig(options: ConfigOptions): Promise<Config> {
  requireConfigOptions("loadConfig()", options);
  const live = new Live(options);
  await live.start();
  await live.close();
  return live.current;
}

/**
 * Reads the configuration and watches its sources until it is closed.
 *
 * A watch of this package's sources keeps no process alive. Exceptions are a configuration centre
 * over HTTP/2 and one with a `fetch` of its own: their requests in flight do, until
 * {@link LiveConfig.close}.
 *
 * An invalid change leaves the configuration in force and is reported by a `kept` event. A source
 * that cannot be read any more keeps its last good settings, while changes of the others are
 * applied.
 *
 * @throws {InvalidConfigError} as {@link loadConfig}: a process does not start on half a
 *   configuration.
 */
export async function openConfig(options: ConfigOptions): Promise<LiveConfig> {
  requireConfigOptions("openConfig()", options);
  const live = new Live(options);
  await live.start();
  live.follow();
  return live;
}

const freshForMs = 1_000;
const freshWaitMs = 1_000;

interface WatchState {
  readonly state: "starting" | "listening" | "failing";
  readonly sinceMs: number;
  readonly problems: readonly Problem[];
}

class Live implements LiveConfig {
  readonly #options: ConfigOptions;
  readonly #environment: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #reader: Reader;
  readonly #listeners = new Set<{ readonly listener: (event: ConfigEvent) => void }>();
  readonly #closing = new AbortController();
  readonly #changed = new Set<ConfigSource>();
  readonly #watching = new Map<ConfigSource, WatchState>();
  readonly #debounce: Debounce;
  #watches: Promise<unknown> = Promise.resolve();
  #reading: Promise<readonly Problem[]> = Promise.resolve([]);
  #readAllMs = Number.NEGATIVE_INFINITY;
  #current: Config | undefined;
  #keptFor = "";

  constructor(options: ConfigOptions) {
    const {
      clock = systemClock,
      random = systemRandom,
      sourceDeadlineMs = 5_000,
      debounceMs = 300,
      sources,
    } = options;
    this.#options = options;
    this.#environment = checkedEnvironment(
      options.environment ?? process.env["LINGPAI_ENVIRONMENT"],
    );
    if (sources.length === 0)
      throw new ConfigurationError(
        'The list of sources is empty. Give at least one, such as fileSource("lingpai.yaml").',
      );
    requireMs("sourceDeadlineMs", sourceDeadlineMs, 1);
    requireMs("debounceMs", debounceMs, 0);
    this.#clock = clock;
    this.#random = random;
    const environment = this.#environment;
    const { snapshot, allowedHosts = [] } = options;
    const snapshots = snapshot && new Snapshots(snapshot, { environment, clock, random });
    this.#reader = new Reader({
      sources,
      environment,
      clock,
      random,
      deadlineMs: sourceDeadlineMs,
      debounceMs,
      allowedHosts,
      snapshots,
    });
    this.#debounce = createDebounce(clock, debounceMs, () => void this.#readChanged());
    if (options.onEvent !== undefined) this.watch(options.onEvent);
  }

  get current(): Config {
    if (this.#current === undefined)
      throw new ConfigurationError("The configuration was not loaded.");
    return this.#current;
  }

  get status(): readonly SourceStatus[] {
    return this.#options.sources.map((source) => {
      const { readAtMs = 0, isSnapshot = false } = this.#reader.stateOf(source) ?? {};
      const watching = this.#watching.get(source);
      const problems = [...this.#reader.problemsOf(source), ...(watching?.problems ?? [])].map(
        problemText,
      );
      return {
        name: source.name,
        readAtMs,
        isSnapshot,
        watch: watching?.state ?? "none",
        problems: [...new Set(problems)],
      };
    });
  }

  async start(): Promise<void> {
    const { sources } = this.#options;
    this.#readAllMs = this.#clock.monotonicMs();
    const { config, problems } = await this.#reader.read(sources, this.#closing.signal);
    if (config === undefined)
      throw new InvalidConfigError(`The configuration of "${this.#environment}"`, problems);
    this.#current = config;
    this.#emit("loaded", { sources: sources.map((source) => source.name) });
    for (const source of sources) {
      const state = this.#reader.stateOf(source);
      if (state?.isSnapshot !== true) continue;
      const ageMs = Math.max(0, this.#clock.wallMs() - state.readAtMs);
      this.#emit("snapshot-used", {
        source: source.name,
        ageMs,
        problems: this.#reader.problemsOf(source).map(problemText),
      });
    }
  }

  follow(): void {
    const { signal } = this.#closing;
    const watches = this.#options.sources.map((source) => {
      const changed = (): void => {
        if (signal.aborted) return;
        this.#changed.add(source);
        this.#debounce.notice();
      };
      if (source.watch === undefined) return Promise.resolve();
      this.#watching.set(source, {
        state: "starting",
        sinceMs: this.#clock.monotonicMs(),
        problems: [],
      });
      const context = {
        environment: this.#environment,
        clock: this.#clock,
        random: this.#random,
        signal,
        changed,
      };
      return keepWatching(source, context, this.#watchReport(source));
    });
    this.#watches = Promise.all(watches);
  }

  #watchReport(source: ConfigSource): WatchReport {
    const become = (state: WatchState["state"], problems: readonly Problem[]): void => {
      const before = this.#watching.get(source);
      const nowMs = this.#clock.monotonicMs();
      const isSame = before?.state === state;
      this.#watching.set(source, { state, problems, sinceMs: isSame ? before.sinceMs : nowMs });
      if (isSame || this.#closing.signal.aborted) return;
      if (state === "failing")
        this.#emit("watch-failed", { source: source.name, problems: problems.map(problemText) });
      if (before?.state === "failing")
        this.#emit("watch-recovered", { source: source.name, forMs: nowMs - before.sinceMs });
    };
    return {
      failed: (error) => become("failing", sourceProblems(source, error)),
      listening: () => become("listening", []),
    };
  }

  async reload(): Promise<readonly Problem[]> {
    if (this.#closing.signal.aborted) throw new ClosedError("This configuration");
    this.#readAllMs = this.#clock.monotonicMs();
    return this.#read(this.#options.sources);
  }

  async fresh(): Promise<Config> {
    const isOld = this.#clock.monotonicMs() - this.#readAllMs >= freshForMs;
    const reading = isOld && !this.#closing.signal.aborted ? this.reload() : this.#reading;
    await waitFor<unknown>(reading, {
      deadline: { clock: this.#clock, ms: freshWaitMs, onLate: () => undefined, timer: {} },
    });
    return this.current;
  }

  watch(listener: (event: ConfigEvent) => void): () => void {
    const subscription = { listener };
    this.#listeners.add(subscription);
    return () => void this.#listeners.delete(subscription);
  }

  async close(): Promise<void> {
    this.#closing.abort(new ClosedError("This configuration"));
    this.#debounce.cancel();
    await Promise.all([this.#watches, this.#reading]);
    this.#listeners.clear();
  }

  #readChanged(): Promise<readonly Problem[]> {
    const sources = [...this.#changed];
    this.#changed.clear();
    return this.#read(sources, { isSettled: true });
  }

  /** Reads one after the other, in the order of the calls. Never rejects. */
  #read(sources: readonly ConfigSource[], options: ReadOptions = {}): Promise<readonly Problem[]> {
    this.#reading = this.#reading.then(async () => {
      const { config, problems } = await this.#reader.read(sources, this.#closing.signal, options);
      if (this.#closing.signal.aborted) return [];
      this.#judge(config, problems);
      return problems;
    });
    return this.#reading;
  }

  #judge(config: Config | undefined, problems: readonly Problem[]): void {
    const wasKept = this.#keptFor !== "";
    const changed = config === undefined ? [] : changesBetween(this.current, config);
    const texts = problems.map(problemText);
    const isNews = texts.join("\n") !== this.#keptFor;
    this.#keptFor = texts.join("\n");
    if (
      config !== undefined &&
      JSON.stringify(config.values) !== JSON.stringify(this.current.values)
    )
      this.#current = config;
    if (changed.length > 0 || (wasKept && texts.length === 0)) {
      const places = this.current.values
        .filter(({ path }) => changed.includes(path))
        .map(({ place }) => place);
      this.#emit("reloaded", { changed, places: [...new Set(places)] });
    }
    if (texts.length > 0 && isNews) this.#emit("kept", { problems: texts });
  }

  #emit<Type extends ConfigEventType>(type: Type, data: ConfigEventData[Type]): void {
    const context = { type, environment: this.#environment, atMs: this.#clock.wallMs() };
    // The compiler cannot follow the union through a spread; `data` was checked against `type` by
    // the caller.
    const event = Object.freeze<object>({ ...context, ...data }) as ConfigEvent;
    for (const { listener } of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        const name = error instanceof Error ? error.name : "not an Error";
        process.emitWarning(
          `A listener of configuration events failed on "${type}" (${name}). Let it handle its own errors.`,
          {
            code: "LINGPAI_LISTENER",
          },
        );
      }
    }
  }
}

/**
 * Returns the paths of settings that were changed, added or removed. Secrets are compared by their
 * fingerprints.
 */
function changesBetween(before: Config, after: Config): readonly string[] {
  const old = new Map(before.values.map(({ path, value }) => [path, value]));
  const now = new Map(after.values.map(({ path, value }) => [path, value]));
  const differing = [...now]
    .filter(([path, value]) => old.get(path) !== value)
    .map(([path]) => path);
  return [...differing, ...[...old.keys()].filter((path) => !now.has(path))];
}

function requireMs(name: string, value: number, min: number): void {
  if (Number.isInteger(value) && value >= min && value <= 2 ** 31 - 1) return;
  throw new ConfigurationError(`${name} is ${value}. Give a whole number of ms from ${min}.`);
}
