/**
 * Translates a driver's error. The result never contains the original, its text or its properties:
 * drivers attach the command and with it the value, and servers quote arguments of unknown
 * commands.
 */
import { CacheUnavailableError, LingpaiError, UnreadableEntryError } from "@lingpai/core";
import type { CacheUnavailableReason } from "@lingpai/core";

interface Meaning {
  readonly reason: CacheUnavailableReason;
  readonly retryable: boolean;
  /** Cause and remedy. */
  readonly text: string;
}

const notPrimary: Meaning = {
  reason: "readonly",
  retryable: true,
  text: "it is a replica or refuses writes for now. If this lasts, point the client at the primary, through Sentinel or Cluster",
};
const notReady: Meaning = {
  reason: "loading",
  retryable: true,
  text: "it is not ready to answer yet",
};
const clusterDown: Meaning = {
  reason: "cluster-down",
  retryable: true,
  text: "the Cluster does not serve this slot now. If this lasts, look at CLUSTER INFO",
};
const unauthorized: Meaning = {
  reason: "unauthorized",
  retryable: false,
  text: "it did not accept the client's user and password. Correct them",
};

/** The meanings, by the first word of the server's answer. */
const meanings: ReadonlyMap<string, Meaning> = new Map([
  ["READONLY", notPrimary],
  [
    "NOREPLICAS",
    {
      ...notPrimary,
      text: "it refuses writes while too few replicas follow (min-replicas-to-write)",
    },
  ],
  [
    "MISCONF",
    {
      ...notPrimary,
      text: "it refuses writes because it cannot persist them. Look at its log and its disk",
    },
  ],
  ["LOADING", notReady],
  ["MASTERDOWN", { ...notReady, text: "it is a replica that has lost its primary" }],
  ["BUSY", { reason: "other", retryable: true, text: "it is busy with a long script" }],
  ["CLUSTERDOWN", clusterDown],
  ["TRYAGAIN", { ...clusterDown, text: "the slot is being moved. Try again" }],
  [
    "MOVED",
    { ...clusterDown, text: "it is one node of a Cluster. Use the driver's Cluster client" },
  ],
  ["ASK", { ...clusterDown, text: "the slot is being moved. Try again" }],
  [
    "OOM",
    {
      reason: "out-of-memory",
      retryable: true,
      text: "it has reached maxmemory. Give it more, or evict less important keys",
    },
  ],
  ["NOAUTH", unauthorized],
  ["WRONGPASS", unauthorized],
  [
    "NOPERM",
    {
      reason: "forbidden",
      retryable: false,
      text: "the user may not do this. Grant it what the README's ACL line lists",
    },
  ],
  ["NOSCRIPT", { reason: "other", retryable: true, text: "it forgot a script while running it" }],
]);

const codes = [...meanings.keys(), "WRONGTYPE"].join("|");
/** A server before 7 puts the code of an error in a script after its own text. */
const wrapped = new RegExp(
  `(?:user_script:? ?\\d+: -?|Redis command called from Lua script[^A-Z]*)(${codes})\\b`,
);
const unknownCommand = /unknown (?:sub)?command [`'"]?([A-Za-z|]{1,30})/i;
const refusedCommand = /no permissions to run the '([a-z0-9|_-]{1,40})'/i;
/** The beginning of a refusal by a service that checks scripts before it runs them. */
const checkedScript = /bad lua script/i;
const channelRefusal = /permissions? to access (?:a|one of the) channel/i;
const refusedInScript =
  /can't run this command|unknown redis command called from|no permissions to (?:run|access)|attempted to access a key/i;
const networkCode = /^E[A-Z_]{3,30}$/;

/**
 * Returns the first word of a server's error answer; undefined for every other error, such as a
 * lost connection.
 */
export function serverCode(error: unknown): string | undefined {
  const text = textOf(error);
  return wrapped.exec(text)?.[1] ?? /^-?([A-Z]{2,20})(?: |$)/.exec(text)?.[1];
}

/**
 * Returns the command that the server does not know or allow, in lower case; undefined for any
 * other error, and if the server does not name it.
 */
export function refusedCommandOf(error: unknown): string | undefined {
  const text = textOf(error);
  return (refusedCommand.exec(text) ?? unknownCommand.exec(text))?.[1]?.toLowerCase();
}

/** True when a service refused the script before it ran it. */
export function isCheckedScript(error: unknown): boolean {
  return checkedScript.test(textOf(error));
}

/**
 * @param kind the driver's name in error texts
 * @param entry the entry's name, if the command used an entry. A wrong type is then
 *   `UNREADABLE_ENTRY`
 */
export function redisError(error: unknown, kind: string, entry?: string): LingpaiError {
  if (error instanceof LingpaiError) return error;
  const inner = nested(error);
  if (inner !== undefined) return redisError(inner, kind, entry);
  const code = serverCode(error);
  if (code === "WRONGTYPE" && entry !== undefined) return unreadable(entry, "type");
  const refused = refusedCommandOf(error);
  if (checkedScript.test(textOf(error)))
    return unavailable(kind, "ERR", {
      reason: "forbidden",
      retryable: false,
      text: "it checks scripts and refused one of Lingpai's. Set script_check_enable to 0, and report this with the service's name",
    });
  if (channelRefusal.test(textOf(error)))
    return unavailable(kind, "NOPERM", {
      reason: "forbidden",
      retryable: false,
      text: "the user may not use this channel; on Redis 7 a user has none by default. Grant it the channels (&) that the README's ACL line lists",
    });
  if (
    code === "NOPERM" ||
    (refused === undefined && code === "ERR" && refusedInScript.test(textOf(error)))
  )
    return unavailable(kind, "NOPERM", meanings.get("NOPERM")!, refused);
  if (refused !== undefined) {
    return unavailable(
      kind,
      "ERR",
      { reason: "forbidden", retryable: false, text: unknownCommandText(refused) },
      refused,
    );
  }
  const meaning = code === undefined ? undefined : meanings.get(code);
  if (code !== undefined)
    return unavailable(
      kind,
      code,
      meaning ?? { reason: "other", retryable: true, text: "it refused. Its log may say why" },
    );
  return connectionError(error, kind);
}

/** Without scripts there are no conditional writes and no locks. */
function unknownCommandText(command: string): string {
  const what = "it, or a proxy before it, does not know this command";
  if (!command.startsWith("eval")) return what;
  return `${what}. Lingpai's writes and locks are Lua scripts: use an address of the service that runs them, or another store`;
}

export function unreadable(
  name: string,
  reason: "type" | "format" | "schema",
): UnreadableEntryError {
  const what = {
    type: "a value of another type",
    format: "a text that is not an entry of ours",
    schema: "an entry in the layout of a newer release",
  }[reason];
  return new UnreadableEntryError(
    name,
    reason,
    `The key "${name}" contains ${what}. It is left unchanged. Upgrade this node if a newer release wrote it; otherwise choose another prefix, or rename that key.`,
  );
}

function unavailable(
  kind: string,
  code: string,
  { reason, retryable, text }: Meaning,
  command?: string,
): CacheUnavailableError {
  const which = command === undefined ? "" : ` to "${command}"`;
  return new CacheUnavailableError(`Redis (${kind}) answered ${code}${which}: ${text}.`, {
    reason,
    retryable,
  });
}

/** Translates an error that is no answer of a server: the connection or the driver failed. */
function connectionError(error: unknown, kind: string): CacheUnavailableError {
  const code =
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    networkCode.test(error.code)
      ? ` (${error.code})`
      : "";
  if (code === " (ETIMEDOUT)" || /timed? ?out/i.test(textOf(error))) {
    return new CacheUnavailableError(`Redis (${kind}) did not answer the driver in time${code}.`, {
      reason: "timeout",
    });
  }
  return new CacheUnavailableError(
    `Redis (${kind}) is not connected${code}. Check that it is up and that the client was connected and not closed.`,
    {
      reason: "disconnected",
    },
  );
}

/** Returns the last error of a Cluster client that tried every node, or of a command in a batch. */
function nested(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  return "lastNodeError" in error && error.lastNodeError instanceof Error
    ? error.lastNodeError
    : undefined;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
