/** Runs every check on a store, and orders the findings, the worst first. */
import {
  CacheUnavailableError,
  ConfigurationError,
  requireCache,
  requireKnown,
  requireLock,
  systemClock,
  UnreadableEntryError,
} from "@lingpai/core";
import type { Cache, Clock, Lock } from "@lingpai/core";
import type { RedisPort } from "@lingpai/redis";
import { byWeight, unknown } from "./check.ts";
import type { Check, CheckResult, Language, Outcome } from "./check.ts";
import { checks } from "./checks/index.ts";
import { seeCredentials } from "./sight/credentials.ts";
import type { PlatformFacts } from "./sight/platform-facts.ts";
import { isGone, serversOf } from "./sight/redis-sight.ts";
import type { Sight } from "./sight/sight.ts";

export interface DiagnoseOptions {
  /** The store's cache at its root, sealed if the credentials' cache is sealed. */
  readonly cache: Cache;
  /** True if the cache has the sealing key. @defaultValue false */
  readonly isSealed?: boolean;
  /**
   * The store's lock. Only a Redis shows who holds a lock without it: of another store each free
   * lock is taken and given back at once.
   */
  readonly lock?: Lock;
  /** The client of a Redis store: `ioredisPort(redis)`. Without it its own checks are left out. */
  readonly redis?: RedisPort;
  /** Only this environment. @defaultValue all that have claimed a credential */
  readonly environment?: string;
  /** The segments before the environments' own. @defaultValue none */
  readonly prefix?: readonly string[];
  /**
   * Facts about a credential that its id does not contain, by the id: for example a larger quota or
   * another overlap.
   */
  readonly facts?: Readonly<Record<string, Partial<PlatformFacts>>>;
  /** True in a process of the fleet. Its own tracers are then checked. @defaultValue false */
  readonly isInFleet?: boolean;
  /** The environment variables of the process. @defaultValue empty */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** The language of titles, meanings and remedies. Evidence is English. @defaultValue "en" */
  readonly language?: Language;
  readonly clock?: Clock;
}

/** The result of every check, findings first, the worst first. */
export interface Diagnosis {
  /** True if there is no finding. `unknown` does not make it false. */
  readonly isHealthy: boolean;
  readonly results: readonly CheckResult[];
}

const optionNames = [
  "cache",
  "clock",
  "environment",
  "facts",
  "isInFleet",
  "isSealed",
  "language",
  "lock",
  "prefix",
  "redis",
  "variables",
];

/**
 * Runs every check. It fetches nothing and changes no credential. In Redis it writes one canary
 * under each environment, which expires within 10 s, and a fence, which stays. In other stores it
 * takes each free lock and gives it back at once.
 *
 * @throws {CacheUnavailableError} The store cannot be reached.
 * @throws {ConfigurationError} An option is invalid.
 */
export async function diagnose(options: DiagnoseOptions): Promise<Diagnosis> {
  const { language = "en" } = options;
  const sight = await sightOf(options);
  const results: CheckResult[] = [];
  for (const check of checks)
    results.push(resultOf(check, await outcomeOf(check, sight), language));
  return {
    isHealthy: results.every(({ status }) => status !== "finding"),
    results: results.toSorted(byWeight),
  };
}

/**
 * Makes the change of one check's `fix`. Resolves to the changes and how to undo them; empty if
 * nothing had to change.
 *
 * @throws {ConfigurationError} The check has no fix. Throws the store's errors.
 */
export async function applyFix(id: string, options: DiagnoseOptions): Promise<readonly string[]> {
  const fix = checks.find((check) => check.id === id)?.fix;
  if (fix === undefined) throw new ConfigurationError(`The check "${id}" has no fix.`);
  return fix.apply(await sightOf(options));
}

async function outcomeOf(check: Check, sight: Sight): Promise<Outcome> {
  try {
    return await check.look(sight);
  } catch (error) {
    if (error instanceof CacheUnavailableError && !isGone(error)) return unknown(error.message);
    if (error instanceof UnreadableEntryError) return unknown(error.message);
    throw error;
  }
}

function resultOf(check: Check, outcome: Outcome, language: Language): CheckResult {
  const { fix, id, severity, text } = check;
  const isFinding = outcome.status === "finding";
  return {
    id,
    ...text[language],
    severity: outcome.severity ?? severity,
    status: outcome.status,
    evidence: outcome.evidence,
    ...(fix && isFinding && { fix: fix.text[language] }),
  };
}

async function sightOf(options: DiagnoseOptions): Promise<Sight> {
  requireKnown("diagnose()", options, optionNames);
  requireCache(options.cache);
  if (options.lock !== undefined) requireLock(options.lock);
  const { cache, clock = systemClock, environment, prefix = [], redis } = options;
  const credentials = await seeCredentials(cache, clock, environment, options.facts ?? {});
  const claimed = "known" in credentials ? credentials.known.credentials : [];
  const named = environment === undefined ? [] : [[...prefix, environment]];
  const all = [...named, ...claimed.map(({ path }) => path)];
  const paths = [...new Map(all.map((path) => [JSON.stringify(path), path])).values()];
  return {
    cache,
    isSealed: options.isSealed ?? false,
    clock,
    lock: options.lock,
    redis: redis && { port: redis, servers: await serversOf(redis, clock) },
    credentials,
    paths,
    serverPaths: [prefix, ...paths],
    variables: options.variables ?? {},
    isInFleet: options.isInFleet ?? false,
  };
}
