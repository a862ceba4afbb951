/** A configuration that stays up to date: sources are watched, good changes come into force, bad ones are kept out. */
import { ClosedError, ConfigurationError, delay, systemClock, systemRandom } from "@lingpai/core";
import type { Clock, Random } from "@lingpai/core";
import type { Config } from "./config.ts";
import { createDebounce } from "./debounce.ts";
import type { Debounce } from "./debounce.ts";
import type { ConfigEvent, ConfigEventData, ConfigEventType } from "./events.ts";
import type { Problem } from "./problem.ts";
import { InvalidConfigError, problemText } from "./problem.ts";
import { checkedEnvironment, Reader } from "./reading.ts";
import type { ConfigSource } from "./source.ts";
import { keepWatching } from "./watching.ts";

export interface ConfigOptions {
  /** Where the configuration comes from; later sources override earlier ones, value by value. */
  readonly sources: readonly ConfigSource[];
  /** Which environment this process belongs to: 1 to 64 of `A-Za-z0-9._-`. @defaultValue the variable `LINGPAI_ENVIRONMENT` */
  readonly environment?: string;
  /** How long one source may take to answer, in ms, from 1. @defaultValue 5_000 */
  readonly sourceDeadlineMs?: number;
  /** How long a source must be quiet before a change of it is read, in ms, from 0: editors and volume mounts write in several steps. @defaultValue 300 */
  readonly debounceMs?: number;
  /** Called with each event, from the first on. */
  readonly onEvent?: (event: ConfigEvent) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** The configuration in force, and what happens to it. */
export interface LiveConfig {
  /** The last good configuration. A new object after each change; compare with `===`. */
  readonly current: Config;
  /**
   * Reads all sources now. Resolves with what is wrong with them; empty when the configuration in force is what they say.
   *
   * @throws {ClosedError} it is closed.
   */
  reload(): Promise<readonly Problem[]>;
  /**
   * Reads all sources, unless that was begun less than a second ago, and gives what is then in force. For values that must not be old. Waits a
   * second at most: sources that take longer come into force later.
   */
  fresh(): Promise<Config>;
  /** Calls `listener` for each later event until the returned function is called. A throwing listener harms nobody. */
  watch(listener: (event: ConfigEvent) => void): () => void;
  /** Ends all watches and timers. The last configuration can still be read. */
  close(): Promise<void>;
}

/**
 * Reads the configuration once.
 *
 * @throws {InvalidConfigError} `CONFIGURATION`: naming every problem with its file and line, variable or key, and the remedy.
 */
export async function loadConfig(options: ConfigOptions): Promise<Config> {
  const live = new Live(options);
  await live.start();
  await live.close();
  return live.current;
}

/**
 * Reads the configuration, and goes on watching its sources. Close it, or their connections keep the process alive.
 *
 * A change that cannot be used keeps the configuration that is in force, and is told as a `kept` event. A source that cannot be read any
 * more keeps its last good settings, while changes of the others come into force.
 *
 * @throws {InvalidConfigError} as {@link loadConfig}: a process does not start on half a configuration.
 */
export async function openConfig(options: ConfigOptions): Promise<LiveConfig> {
  const live = new Live(options);
  await live.start();
  live.follow();
  return live;
}

const freshForMs = 1_000;
const freshWaitMs = 1_000;

class Live implements LiveConfig {
  readonly #options: ConfigOptions;
  readonly #environment: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #reader: Reader;
  readonly #listeners = new Set<{ readonly listener: (event: ConfigEvent) => void }>();
  readonly #closing = new AbortController();
  readonly #changed = new Set<ConfigSource>();
  readonly #debounce: Debounce;
  #watches: Promise<unknown> = Promise.resolve();
  #reading: Promise<readonly Problem[]> = Promise.resolve([]);
  #readAllMs = Number.NEGATIVE_INFINITY;
  #current: Config | undefined;
  #keptFor = "";

  constructor(options: ConfigOptions) {
    const { clock = systemClock, random = systemRandom, sourceDeadlineMs = 5_000, debounceMs = 300, sources } = options;
    this.#options = options;
    this.#environment = checkedEnvironment(options.environment ?? process.env["LINGPAI_ENVIRONMENT"]);
    if (sources.length === 0) throw new ConfigurationError('There are no sources. Give at least one, such as fileSource("lingpai.yaml").');
    requireMs("sourceDeadlineMs", sourceDeadlineMs, 1);
    requireMs("debounceMs", debounceMs, 0);
    this.#clock = clock;
    this.#random = random;
    this.#reader = new Reader({ sources, environment: this.#environment, clock, random, deadlineMs: sourceDeadlineMs });
    this.#debounce = createDebounce(clock, debounceMs, () => void this.#readChanged());
    if (options.onEvent !== undefined) this.watch(options.onEvent);
  }

  get current(): Config {
    if (this.#current === undefined) throw new ConfigurationError("The configuration was not loaded.");
    return this.#current;
  }

  async start(): Promise<void> {
    const { sources } = this.#options;
    this.#readAllMs = this.#clock.monotonicMs();
    const { config, problems } = await this.#reader.read(sources, this.#closing.signal);
    if (config === undefined) throw new InvalidConfigError(`The configuration of "${this.#environment}"`, problems);
    this.#current = config;
    this.#emit("loaded", { sources: sources.map((source) => source.name) });
  }

  follow(): void {
    const { signal } = this.#closing;
    const watches = this.#options.sources.map((source) => {
      const changed = (): void => {
        if (signal.aborted) return;
        this.#changed.add(source);
        this.#debounce.notice();
      };
      return keepWatching(source, { environment: this.#environment, clock: this.#clock, random: this.#random, signal, changed });
    });
    this.#watches = Promise.all(watches);
  }

  async reload(): Promise<readonly Problem[]> {
    if (this.#closing.signal.aborted) throw new ClosedError("This configuration");
    this.#readAllMs = this.#clock.monotonicMs();
    return this.#read(this.#options.sources);
  }

  async fresh(): Promise<Config> {
    const isOld = this.#clock.monotonicMs() - this.#readAllMs >= freshForMs;
    const reading = isOld && !this.#closing.signal.aborted ? this.reload() : this.#reading;
    const waited = new AbortController();
    await Promise.race([reading, delay(this.#clock, freshWaitMs, waited.signal).catch(() => undefined)]);
    waited.abort();
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
    return this.#read(sources);
  }

  /** One after the other, in the order in which they were asked for. Never rejects. */
  #read(sources: readonly ConfigSource[]): Promise<readonly Problem[]> {
    this.#reading = this.#reading.then(async () => {
      const { config, problems } = await this.#reader.read(sources, this.#closing.signal);
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
    if (config !== undefined && JSON.stringify(config.values) !== JSON.stringify(this.current.values)) this.#current = config;
    if (changed.length > 0 || (wasKept && texts.length === 0)) {
      const places = this.current.values.filter(({ path }) => changed.includes(path)).map(({ place }) => place);
      this.#emit("reloaded", { changed, places: [...new Set(places)] });
    }
    if (texts.length > 0 && isNews) this.#emit("kept", { problems: texts });
  }

  #emit<Type extends ConfigEventType>(type: Type, data: ConfigEventData[Type]): void {
    const context = { type, environment: this.#environment, atMs: this.#clock.wallMs() };
    // The compiler cannot follow the union through a spread; `data` was checked against `type` by the caller.
    const event = Object.freeze<object>({ ...context, ...data }) as ConfigEvent;
    for (const { listener } of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        const name = error instanceof Error ? error.name : "not an Error";
        process.emitWarning(`A listener of configuration events failed on "${type}" (${name}). Let it handle its own errors.`, {
          code: "LINGPAI_LISTENER",
        });
      }
    }
  }
}

/** The paths whose value is another, or is new, or is gone. Secrets are compared by their fingerprints. */
function changesBetween(before: Config, after: Config): readonly string[] {
  const old = new Map(before.values.map(({ path, value }) => [path, value]));
  const now = new Map(after.values.map(({ path, value }) => [path, value]));
  const differing = [...now].filter(([path, value]) => old.get(path) !== value).map(([path]) => path);
  return [...differing, ...[...old.keys()].filter((path) => !now.has(path))];
}

function requireMs(name: string, value: number, min: number): void {
  if (Number.isInteger(value) && value >= min && value <= 2 ** 31 - 1) return;
  throw new ConfigurationError(`${name} is ${value}. Give a whole number of ms from ${min}.`);
}
