/**
 * Uses the credential of a fleet in which another SDK fetches: reads its key, and never asks the
 * platform.
 */
import {
  ConfigurationError,
  IssueError,
  requireClock,
  requireKnown,
  systemClock,
} from "@lingpai/core";
import type { Clock, IssueRequest, Issued, Issuer } from "@lingpai/core";
import { decode } from "./conventions/encoding.ts";
import { nameOf } from "./mirror/mirror-events.ts";
import { addressOf } from "./conventions/target.ts";
import type { Neighbour } from "./conventions/target.ts";
import type { RawStore } from "./store/raw-store.ts";
import { requireStore } from "./require.ts";
import { within } from "./store/within.ts";

export interface AdoptOptions {
  /** The Redis that the other SDK writes to. */
  readonly store: RawStore;
  /** Whose credential to use. */
  readonly from: Neighbour;
  /**
   * Asks the platform whether a credential is alive, as the issuers of a provider do: then a
   * refusal that lies elsewhere costs nothing.
   */
  readonly probe?: NonNullable<Issuer["probe"]>;
  /** How long a read of the key may take, in ms. @defaultValue 2_000 */
  readonly storeDeadlineMs?: number;
  readonly clock?: Clock;
}

const lifetimeMs = 7_200_000;
/** How soon to look again for a key that its owner has not written yet, in ms. */
const lookAgainMs = 1_000;

/**
 * An issuer that issues what the other SDK holds. Give it to `credential()`: its calls then share
 * one read, notice a refused credential and wait for the owner's next one. A credential is held as
 * long as its key says, and the SDK's own margin longer.
 *
 * Nothing here replaces a dead credential: only its owner can. Until it does, callers get
 * `CREDENTIAL_UNAVAILABLE` with `retryAfterMs`.
 *
 * @throws {ConfigurationError} as {@link addressOf} does.
 */
export function adopt(options: AdoptOptions): Issuer {
  requireKnown("adopt()", options, ["clock", "from", "probe", "store", "storeDeadlineMs"]);
  requireStore(options.store);
  requireClock(options.clock);
  const { clock = systemClock, from, probe, store, storeDeadlineMs = 2_000 } = options;
  const { convention, keys, name } = addressOf(from);
  const first = keys[0];
  if (first === undefined)
    throw new ConfigurationError(`"${name}" has no key to read.`, { rule: "neighbour" });

  const read = async (): Promise<Issued | undefined> => {
    const text = await store.get(first.key);
    const leftMs = await store.remainingMs(first.key);
    if (text === undefined || leftMs === undefined) return undefined;
    const secret = decode(first.encoding, text);
    if (secret === undefined) {
      throw new IssueError(
        "fatal",
        `What ${convention.sdk} should keep for ${from.appId} ("${name}") is not written as it writes. Check its version and serialiser.`,
      );
    }
    return {
      secret,
      expiresInMs: Math.max(1_000, Math.min(lifetimeMs, leftMs + convention.lessMs)),
    };
  };

  return {
    id: `neighbour:${name}:${from.appId}`,
    // Reading twice gives the same one, and harms nobody: to the credential manager that is a
    // stable issuer.
    policy: { kind: "stable", renewWithinMs: 300_000 },
    lifetimeMs,
    async issue({ current, reason }: IssueRequest) {
      const issued = await within(clock, storeDeadlineMs, read()).catch((error: unknown) => {
        if (error instanceof IssueError) throw error;
        throw new IssueError(
          "unsent",
          `The store of ${convention.sdk} could not be read (${nameOf(error)}).`,
        );
      });
      if (issued === undefined)
        throw waiting(`${convention.sdk} keeps no credential for ${from.appId} now`);
      if (reason === "rejected" && issued.secret === current?.secret.reveal())
        throw waiting(`${convention.sdk} still keeps the credential that was refused`);
      return issued;
    },
    ...(probe && { probe }),
  };

  function waiting(what: string): IssueError {
    return new IssueError("busy", `${what}. Its owner has to fetch; this process never does.`, {
      retryAfterMs: lookAgainMs,
    });
  }
}
