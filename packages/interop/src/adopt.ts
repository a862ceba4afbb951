/**
 * Uses the credential of a fleet in which another SDK fetches. It reads that SDK's key and never
 * asks the platform for a credential.
 */
import { ConfigurationError, IssueError, requireOptions, systemClock } from "@lingpai/core";
import type { Clock, IssueRequest, Issued, Issuer, KindsOf } from "@lingpai/core";
import { decode } from "./conventions/encoding.ts";
import { errorName } from "./store/error-name.ts";
import { resolveTarget } from "./conventions/target.ts";
import type { Target } from "./conventions/target.ts";
import type { RawStore } from "./store/raw-store.ts";
import { requireStore } from "./require.ts";
import { within } from "./store/within.ts";

export interface AdoptOptions {
  /** The Redis that the other SDK writes to. */
  readonly store: RawStore;
  /** The service whose credential is used. */
  readonly from: Target;
  /**
   * Asks the platform whether a credential is alive, as the issuers of a provider do. A refusal
   * that has another cause then costs nothing.
   */
  readonly probe?: NonNullable<Issuer["probe"]>;
  /** How long a read of the key may take, in ms. @defaultValue 2_000 */
  readonly storeDeadlineMs?: number;
  readonly clock?: Clock;
}

const lifetimeMs = 7_200_000;
/** How soon a key is read again that its owner has not written yet, in ms. */
const retryAfterMs = 1_000;

/**
 * Makes an issuer that returns the credential of another SDK. Give it to `credential()`: its
 * callers then share one read, notice a refused credential and wait for the owner's next one. The
 * credential lives as long as its key, plus the margin that the SDK takes off.
 *
 * Only the owner can replace a dead credential. Until it does, callers get `CREDENTIAL_UNAVAILABLE`
 * with `retryAfterMs`.
 *
 * @throws {ConfigurationError} as {@link resolveTarget} does.
 */
export function adopt(options: AdoptOptions): Issuer {
  requireOptions("adopt()", options, {
    clock: "clock",
    from: "object",
    probe: "function",
    store: "object",
    storeDeadlineMs: "whole",
  } satisfies KindsOf<AdoptOptions>);
  requireStore(options.store);
  const { clock = systemClock, from, probe, store, storeDeadlineMs = 2_000 } = options;
  const { convention, keys, name } = resolveTarget(from, "from, an object,");
  const first = keys[0];
  if (first === undefined)
    throw new ConfigurationError(`"${name}" has no key to read.`, { rule: "target" });

  const read = async (): Promise<Issued | undefined> => {
    const text = await store.get(first.key);
    const leftMs = await store.remainingMs(first.key);
    if (text === undefined || leftMs === undefined) return undefined;
    const secret = decode(first.encoding, text);
    if (secret === undefined) {
      throw new IssueError(
        "fatal",
        `The key of ${convention.sdk} for ${from.appId} ("${name}") is not in its format. Check its version and serialiser.`,
      );
    }
    return {
      secret,
      expiresInMs: Math.max(1_000, Math.min(lifetimeMs, leftMs + convention.lessMs)),
    };
  };

  return {
    id: `adopted:${name}:${from.appId}`,
    // A second read returns the same credential and harms nobody, so the issuer is a stable one.
    policy: { kind: "stable", renewWithinMs: 300_000 },
    lifetimeMs,
    async issue({ current, reason }: IssueRequest) {
      const issued = await within(clock, storeDeadlineMs, read()).catch((error: unknown) => {
        if (error instanceof IssueError) throw error;
        throw new IssueError(
          "unsent",
          `The store of ${convention.sdk} could not be read (${errorName(error)}).`,
        );
      });
      if (issued === undefined)
        throw notYet(`${convention.sdk} keeps no credential for ${from.appId} now`);
      if (reason === "rejected" && issued.secret === current?.secret.reveal())
        throw notYet(`${convention.sdk} still keeps the credential that was refused`);
      return issued;
    },
    ...(probe && { probe }),
  };

  function notYet(what: string): IssueError {
    return new IssueError("busy", `${what}. Its owner has to fetch; this process never does.`, {
      retryAfterMs,
    });
  }
}
