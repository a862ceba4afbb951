/** Decides which action an error code calls for. Pure: table, code and time in, verdict out. */
import type { IssueOutcome } from "@lingpai/core";
import { errorTable } from "./wechat-error-table.ts";
import type { Action, EndpointClass, ErrorRow } from "./error-row.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

const ours = {
  source: "no page: what is done where none says anything",
  date: "2026-11-28",
} as const;

/**
 * One minute: no platform blocks for one request a minute. WeCom blocks for 2 000 wrong ones an
 * hour.
 */
const unlistedGrant = {
  codes: [],
  meaning: "a refusal that is not in the table",
  action: "pause",
  pauseMs: minuteMs,
  remedy: "Look the code up in the platform's documentation.",
  ...ours,
} as const;

/**
 * The row of a code that no table row names. A token endpoint is left alone for a while; a business
 * endpoint's code goes to the caller.
 */
const unlisted: Readonly<Record<EndpointClass, ErrorRow>> = {
  token: { ...unlistedGrant, endpoint: "token" },
  derived: { ...unlistedGrant, endpoint: "derived" },
  business: {
    codes: [],
    endpoint: "business",
    meaning: "a refusal that does not concern the token",
    action: "pass",
    remedy: "Look the code up in the documentation of this API.",
    ...ours,
  },
};

/** The row for a code other than 0 from an endpoint of this class. Every code has a row. */
export function classify(
  endpoint: EndpointClass,
  errcode: number,
  table: readonly ErrorRow[] = errorTable,
): ErrorRow {
  const classes: readonly ErrorRow["endpoint"][] =
    endpoint === "derived" ? ["any", "derived", "token"] : ["any", endpoint];
  const row = table.find(
    (candidate) => classes.includes(candidate.endpoint) && candidate.codes.includes(errcode),
  );
  return row ?? unlisted[endpoint];
}

const outcomes: Readonly<Record<Action, IssueOutcome>> = {
  retry: "busy",
  // A credential that was sent to obtain another one is the other one's parent.
  reject: "parent",
  "reject-parent": "parent",
  stop: "fatal",
  "stop-here": "fatal",
  "stop-tenant": "fatal",
  "wait-day": "quota",
  "wait-minute": "busy",
  // A pushed ticket is the parent of the token that is obtained with it.
  "wait-push": "parent",
  pause: "busy",
  pass: "fatal",
};

/** The outcome of a refused token request, in core's terms. */
export function issueOutcome(action: Action): IssueOutcome {
  return outcomes[action];
}

/**
 * The part that a refusal blocks until somebody mends it: the whole account, or only the address of
 * the node that asked.
 */
export function refusalScope(action: Action): "account" | "node" {
  return action === "stop-here" ? "node" : "account";
}

/** True if the same call can succeed later without any change. */
export function isRetryable(action: Action): boolean {
  return !["stop", "stop-here", "stop-tenant", "pass"].includes(action);
}

/**
 * The start of the platform's day: 00:00 in Asia/Shanghai (UTC+8 without daylight saving), in ms.
 */
export const shanghaiOffsetMs: number = 8 * 60 * minuteMs;

/** How long not to call the platform after this verdict, in ms. Undefined: the caller decides. */
export function retryAfterMs(row: ErrorRow, platformNowMs: number): number | undefined {
  if (row.action === "wait-day") return dayMs - ((platformNowMs + shanghaiOffsetMs) % dayMs);
  if (row.action === "wait-minute") return minuteMs - (platformNowMs % minuteMs);
  return row.pauseMs;
}
