/**
 * A wrong type for every option of every factory. Which options there are is asked of the factories
 * themselves, so that an option without a row here fails.
 */
import type { LingpaiError } from "@lingpai/core";
import { describe, expect, it } from "vitest";
import type { Make } from "./factories.fixture.ts";
import { all, factories, refusalOf, withoutOptions } from "./factories.fixture.ts";

/** A value of each kind, and how an error may describe it. */
const values = {
  number: { value: 42, shown: /\b42\b/ },
  NaN: { value: Number.NaN, shown: /\bNaN\b/ },
  text: { value: "word", shown: /a text\b|"word"/ },
  boolean: { value: true, shown: /\btrue\b/ },
  null: { value: null, shown: /\bnull\b/ },
  list: { value: [], shown: /\blist\b/ },
  "list of numbers": { value: [42], shown: /\b42\b|\blist\b/ },
  object: { value: {}, shown: /\bobject\b/i },
  function: { value: () => 1, shown: /a function\b/ },
} as const;
type Kind = keyof typeof values;

/** The names of the options that may be of these kinds. What has methods may be of none. */
const options: readonly (readonly [kinds: readonly Kind[], names: string])[] = [
  [
    ["number"],
    `advisoryMs answerMs attemptsMax businessType busyRetriesMax checkMs deadlineMs debounceMs
    drainMs fetchDeadlineMs fleetSize gatherMs leaseMs lifetimeMs longestCallMs mandatoryMs maxBytes
    maxEntries maxLocks networkDelayMs overlapMs pollMs probeMs pushAgeMaxMs queueMax
    quotaPerDay quotaReserve recheckDueMs recheckMs reconcileMs refreshGraceMs replayBytesMax
    reportMs retentionMs skewMarginMs sourceDeadlineMs storeDeadlineMs streamBytes timeoutMs
    timestamp ttlMs uploadTimeoutMs waitMs`,
  ],
  [["number", "text"], "agentId"],
  [["boolean"], "isDevelopedFor keepAlive optional overlays trim"],
  [["boolean", "list"], "fallbackBaseUrls"],
  [
    ["text"],
    `api app appId baseUrl cluster componentAppId corpId downstreamCorpId encodingAesKey environment
    fingerprintKey format group guarantee id ip kind messageToken mode name node nonceStr onConflict
    onContention password prefix privateKey receiver role scope standalone suiteId ticket token type
    url username`,
  ],
  [["text", "function"], "dataId key namespace permanentCode secret tokenParameter"],
  [["text", "object", "function"], "accessKey"],
  [["list", "function"], "receivers"],
  [["list"], "allowedHosts credentials foreign namespaces paths readable to urls webhooks"],
  [["object"], "certificates env limits parameters push"],
  [
    ["function"],
    "deliver doctor fetch metrics onError onEvent onFailed onMessage onRefused onReport onUnknown probe refOf resolve",
  ],
  [
    [],
    `active atomic cache clock dashboard encryptionKey fallback from issuer keys lock log native parent
    random seal signal snapshot sources store`,
  ],
];
const kindsOfName = new Map(
  options.flatMap(([kinds, names]) => names.split(/\s+/).map((name) => [name, kinds])),
);
/** The options that accept more kinds than other options of their name. */
const exceptions: Readonly<Record<string, readonly Kind[]>> = {
  "createStore.seal": ["text"],
  "ioredisStore.seal": ["text"],
  "nodeRedisStore.seal": ["text"],
  "postgresStore.seal": ["text"],
  "sqliteStore.seal": ["text"],
  "upstashStore.seal": ["text"],
  "etcdSource.password": ["text", "object", "function"],
  "nacosSource.password": ["text", "object", "function"],
  "etcdSource.prefix": ["text", "function"],
  // `tryLease` does not wait, and so does not read this option.
  "tryLease.waitMs": ["number", "NaN"],
};

async function namesOf(make: Make, given: readonly unknown[]): Promise<readonly string[]> {
  const refusal = await refusalOf(make, withOption(given, "waitMS", 1));
  const listed = /There are: (.*)\.$/.exec(String((refusal as Error).message));
  return listed?.[1]?.split(", ") ?? [];
}

function withOption(given: readonly unknown[], name: string, value: unknown): readonly unknown[] {
  return [...given.slice(0, -1), { ...(given.at(-1) as object), [name]: value }];
}

/** Says what is wrong with the answer to one wrong value; undefined if nothing is. */
async function faultOf(
  make: Make,
  given: readonly unknown[],
  name: string,
  kind: Kind,
): Promise<string | undefined> {
  const { value, shown } = values[kind];
  const refusal = await refusalOf(make, withOption(given, name, value));
  const { code, message } = (refusal ?? {}) as Partial<LingpaiError>;
  const isRefused = code === "CONFIGURATION" || (name === "native" && code === "LOCK_UNSUPPORTED");
  const isClear =
    isRefused && message?.includes(name) === true && shown.test(message.replace(name, ""));
  return isClear ? undefined : `${name}, ${kind}: ${String(refusal)}`;
}

describe.each(Object.keys(factories).filter((name) => !withoutOptions.has(name)))("%s", (name) => {
  const make = all[name] as Make;
  const given = factories[name] ?? [];

  it("names each option that is of a wrong type, and what was given", async () => {
    const faults: string[] = [];
    const names = await namesOf(make, given);
    expect(names.length).toBeGreaterThan(0);
    for (const option of names) {
      const kinds = exceptions[`${name}.${option}`] ?? kindsOfName.get(option);
      if (kinds === undefined) faults.push(`${option} has no row in this test`);
      for (const kind of Object.keys(values) as Kind[]) {
        const fault = kinds?.includes(kind) ? undefined : await faultOf(make, given, option, kind);
        if (fault !== undefined) faults.push(fault);
      }
    }
    expect(faults).toEqual([]);
  });
});
