/** This process's knowledge of a remote credential, without I/O and without secrets. */
import type { CredentialStatus } from "@lingpai/core";
import type { LocalCopy } from "./local-copy.ts";

export interface RemoteView {
  readonly id: string;
  readonly environment: string;
  readonly node: string;
  readonly nowMs: number;
  readonly local: LocalCopy;
  readonly isReached: boolean | undefined;
  readonly isClosed: boolean;
}

/** `storeReachable` says whether a server answered the last request. */
export function statusOf(view: RemoteView): CredentialStatus {
  const { environment, id, isClosed, isReached, local, node, nowMs } = view;
  const { copy, usable } = local;
  const isStale = usable !== undefined && nowMs >= usable.renewsAtMs && isReached === false;
  const state = usable === undefined ? "none" : isStale ? "stale" : "fresh";
  return {
    id,
    environment,
    node,
    role: "consumer",
    state: isClosed ? "closed" : state,
    generation: copy?.generation,
    commitId: copy?.commitId,
    fingerprint: copy?.secret.fingerprint.slice(0, 8),
    renewsInMs: copy && Math.max(0, copy.renewsAtMs - nowMs),
    remainingMs: copy && Math.max(0, copy.serveUntilMs - nowMs),
    ageMs: undefined,
    by: undefined,
    inDoubt: false,
    isSuspect: false,
    onFallback: false,
    uses: copy?.uses ?? 0,
    storeReachable: isReached,
    quota: { used: 0, perDay: undefined },
  };
}
