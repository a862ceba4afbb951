/** Reads the sources, remembers what each gave last, and puts a configuration together. */
import type { Clock, Random } from "@lingpai/core";
import { ConfigurationError, LingpaiError } from "@lingpai/core";
import type { Config, Sealer } from "./config.ts";
import { configOf } from "./config.ts";
import { conflictsIn } from "./conflicts.ts";
import { environmentsIn, isEmptyMapping, settingsFor } from "./layers.ts";
import type { Laid, Layer } from "./layers.ts";
import type { Problem } from "./problem.ts";
import { InvalidConfigError } from "./problem.ts";
import { checkSection } from "./section-problems.ts";
import type { Setting } from "./setting.ts";
import { nameText, pathText } from "./setting.ts";
import type { ConfigSource } from "./source.ts";
import { suggestionFor } from "./suggest.ts";
import { excerpt } from "./text.ts";

export interface ReaderOptions {
  readonly sources: readonly ConfigSource[];
  readonly environment: string;
  readonly clock: Clock;
  readonly random: Random;
  /** How long a source may take, in ms. */
  readonly deadlineMs: number;
}

/** The configuration, or what stands in its way. */
export type Reading =
  | { readonly config: Config; readonly problems: readonly Problem[] }
  | { readonly config: undefined; readonly problems: readonly Problem[] };

export class Reader {
  readonly #options: ReaderOptions;
  readonly #sealer: Sealer;
  readonly #last = new Map<ConfigSource, readonly Setting[]>();

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#sealer = { key: options.random.id() };
  }

  /**
   * Reads these sources anew, the others as they were. Where one fails its last good settings stand in, and its problem is reported
   * beside the configuration; without any there is no configuration.
   */
  async read(sources: readonly ConfigSource[], signal: AbortSignal): Promise<Reading> {
    const results = await Promise.all(sources.map((source) => this.#load(source, signal)));
    const problems = results.flat();
    if (this.#options.sources.some((source) => !this.#last.has(source))) return { config: undefined, problems };
    const made = this.#assemble();
    return { config: made.config, problems: [...problems, ...made.problems] };
  }

  async #load(source: ConfigSource, signal: AbortSignal): Promise<readonly Problem[]> {
    const { environment, clock, random, deadlineMs } = this.#options;
    const deadline = new AbortController();
    const late = new ConfigurationError(`did not answer within ${deadlineMs} ms. Find out whether it can be reached from here`);
    const cancel = clock.setTimer(deadlineMs, () => deadline.abort(late));
    const combined = AbortSignal.any([signal, deadline.signal]);
    try {
      this.#last.set(source, await abandonable(source.load({ environment, clock, random, signal: combined }), combined));
      return [];
    } catch (error) {
      return problemsOf(source, error);
    } finally {
      cancel();
    }
  }

  #assemble(): Reading {
    const { sources, environment: own } = this.#options;
    const layers = sources.map((source): Layer => ({ scope: source.scope ?? "all", settings: this.#last.get(source) ?? [] }));
    const environments = environmentsIn(layers, own);
    const sections = new Map<string, readonly Laid[]>(environments.map((name) => [name, settingsFor(name, layers, own)]));
    const checks = environments.map((name) => checkSection(sections.get(name) ?? [], name === own));
    const problems = [...environmentProblems(layers, own), ...checks.flatMap((check) => check.problems), ...conflictsIn(sections)];
    const section = checks[0]?.section;
    if (problems.length > 0 || section === undefined) return { config: undefined, problems: distinct(problems) };
    return { config: configOf({ environment: own, section, settings: sections.get(own) ?? [] }, this.#sealer), problems: [] };
  }
}

/** What is wrong with the names of the environments, and with what stands there in place of a section. */
function environmentProblems(layers: readonly Layer[], own: string): readonly Problem[] {
  const settings = layers.flatMap((layer) => layer.settings).filter(({ path }) => path[0] === "environments");
  const misplaced = settings.filter(({ path, value }) => path.length <= 2 && value !== null && !isEmptyMapping(value));
  const misnamed = settings.filter(({ path }) => path[1] !== undefined && !labelPattern.test(path[1]));
  return [
    ...misplaced.map(({ path, place }) => ({
      path: pathText(path),
      place,
      text: "is one value where settings are expected. Put the settings below it.",
    })),
    ...misnamed.map(({ path, place }) => ({
      path: pathText(path),
      place,
      text: `is under an environment whose name cannot be. ${labelRule}`,
    })),
    ...unnamed(settings, environmentsIn(layers, own), own),
  ];
}

/** Sources that name environments, but not this process's: a slip of the pen that would otherwise run with what is left. */
function unnamed(settings: readonly Setting[], environments: readonly string[], own: string): readonly Problem[] {
  const others = environments.slice(1);
  if (others.length === 0 || settings.some(({ path }) => path[1] === own)) return [];
  const meant = suggestionFor(own, others);
  const remedy = meant === undefined ? `There are: ${others.map(nameText).join(", ")}.` : `Did you mean ${nameText(meant)}?`;
  const place = settings.find(({ path }) => path[1] === (meant ?? others[0]))?.place;
  return [{ path: "environments", place, text: `has no section "${own}", the environment of this process. ${remedy}` }];
}

const labelPattern = /^[A-Za-z0-9._-]{1,64}$/;
const labelRule = 'Use 1 to 64 characters of A-Za-z0-9._-, such as "prod".';

/** @throws {ConfigurationError} `environment` */
export function checkedEnvironment(name: string | undefined): string {
  if (name !== undefined && labelPattern.test(name)) return name;
  const what = name === undefined || name === "" ? "is not set" : `is ${excerpt(name)}`;
  throw new ConfigurationError(`The environment ${what}. Set LINGPAI_ENVIRONMENT, or pass \`environment\`. ${labelRule}`, {
    rule: "environment",
  });
}

/** What holds for all environments is checked in each of them, and reported once. */
function distinct(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Map(problems.map((problem) => [JSON.stringify([problem.place, problem.path, problem.text]), problem]));
  return [...seen.values()];
}

/** What a source of this package throws is fit to be shown; of a foreign error only the name and the code are. */
function problemsOf(source: ConfigSource, error: unknown): readonly Problem[] {
  if (error instanceof InvalidConfigError) return error.problems;
  const place = source.name;
  if (error instanceof LingpaiError) return [{ path: "", place, text: sentence(error.message) }];
  const code =
    error instanceof Error && "code" in error && typeof error.code === "string" && /^[A-Z][A-Z0-9_]{1,63}$/.test(error.code)
      ? ` ${error.code}`
      : "";
  const name = error instanceof Error ? nameText(error.name) : "an error that is none";
  return [{ path: "", place, text: `could not be read (${name}${code}). Find out whether it is there and may be read.` }];
}

function sentence(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}

/** Settles with the work, or rejects with the signal's reason; what the work does later is nobody's. */
function abandonable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
