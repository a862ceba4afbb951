/** For tests of the page: rows and events as the server returns them. */
import type { OverviewRow } from "@lingpai/server";
import type { LoggedEvent } from "./api.ts";

export function rowOf(changes: Partial<OverviewRow> = {}): OverviewRow {
  return {
    ref: "wechat:stable:wx0123456789abcdef",
    environment: "production",
    state: "live",
    generation: 7,
    fingerprint: "ab12cd34",
    ageMs: 600_000,
    expiresInMs: 6_600_000,
    renewsInMs: 5_700_000,
    by: { node: "server-a", environment: "production", reason: "advisory" },
    onFallback: false,
    quota: { used: 4, perDay: 2_000 },
    nodes: { on: 2, total: 2 },
    conflict: undefined,
    failure: undefined,
    may: { refresh: true, revoke: false },
    ...changes,
  };
}

export function eventOf(
  type: string,
  atMs: number,
  fields: Readonly<Record<string, string | number | boolean>> = {},
): LoggedEvent {
  return {
    id: `${type}-${atMs}`,
    atMs,
    event: { type, node: "server-a", environment: "p", ...fields },
  };
}
