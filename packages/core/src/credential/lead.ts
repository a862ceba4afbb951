/**
 * What the lease holder does: read again, announce, send, record. Before the send a lost lease aborts it; after the send nothing does,
 * because aborting does not un-issue a credential, it only destroys the knowledge of it.
 */
import { CredentialUnavailableError, type IssueError } from "../errors.ts";
import type { IssueRequest } from "../issuer.ts";
import { Secret } from "../secret.ts";
import { delay } from "../time.ts";
import { announce } from "./announce.ts";
import type { Claimed, Flight, Gate, Leadership, Parts } from "./flight.ts";
import type { Ending, Recorder } from "./recorder.ts";
import { ask, isIssueError } from "./request.ts";

/**
 * Resolves when this process holds what the goal asks for, or with the gate that is closed.
 *
 * @throws {IssueError} the platform refused or did not answer; the fleet's document says so too.
 */
export async function lead(parts: Parts, leadership: Leadership, recorder: Recorder): Promise<Gate | Claimed | undefined> {
  const { setting, storeClock, local } = parts;
  const { issuer, parameters } = setting;
  const canForce = issuer.policy.kind === "stable" && issuer.quota?.forced !== undefined;
  let forced = leadership.goal.reason === "manual" && canForce;
  for (let attempt = 1; ;) {
    const flight = await announce(parts, leadership, recorder, forced);
    if (flight === undefined) return undefined;
    if ("why" in flight) {
      if (flight.why !== "drain") return flight;
      await pause(parts, leadership, Math.max(1, flight.untilMs - storeClock.nowMs()));
      continue;
    }
    const isAnswered = await send(parts, flight, recorder, attempt < parameters.attemptsMax);
    attempt += 1;
    if (!isAnswered) await pause(parts, leadership, 200 + setting.random.next() * 800);
    else if (local.serves(flight.aim.reason === "rejected" ? flight.aim : { reason: "cold" })) return undefined;
    else if (!forced && canForce && flight.aim.reason === "rejected") forced = true;
    else
      throw new CredentialUnavailableError(
        `The platform hands out a credential "${issuer.id}" that it refuses, or that has no life left. Look at the platform's console; waiting until it expires helps too.`,
      );
  }
}

/** Waits under the lease; ends early when the lease is lost or everything closes. */
async function pause({ setting }: Parts, { lease, closing }: Leadership, ms: number): Promise<void> {
  await delay(setting.clock, ms, AbortSignal.any([lease.signal, closing]));
}

/** False when the platform was busy and may be asked again. */
async function send(parts: Parts, flight: Flight, recorder: Recorder, again: boolean): Promise<boolean> {
  const { setting, storeClock } = parts;
  try {
    const issued = await ask(setting, requestOf(parts, flight));
    await recorder.commit({ flight, issued, receivedAtMs: Math.max(flight.intent.atMs, storeClock.nowMs()) });
    return true;
  } catch (error) {
    if (!isIssueError(error)) {
      await recorder.abandon(flight, { outcome: "yielded", code: "NOT_SENT" });
      throw error;
    }
    const retries = again && error.outcome === "busy" && (error.retryAfterMs ?? 0) <= setting.rules.cool.firstMs;
    await recorder.abandon(flight, endingOf(error, retries), error);
    if (!retries) throw error;
    return false;
  }
}

function requestOf({ setting }: Parts, { aim, forced, leadership, snapshot }: Flight): Omit<IssueRequest, "signal"> {
  const held = snapshot.state.credential;
  const carry = held?.carry === undefined ? undefined : new Secret(held.carry, setting.fingerprintOf(held.carry));
  const current = held && { secret: new Secret(held.secret, held.fingerprint), carry };
  return { reason: aim.reason, forced, current, parent: leadership.parent };
}

/** A refused parent is no failure of its child; everything else that was refused backs the fleet off. */
export function endingOf({ outcome, code, platformCode, retryAfterMs }: IssueError, again: boolean): Ending {
  const endings = { busy: "refused", fatal: "refused", quota: "refused", parent: "yielded", unsent: "unsent", unknown: "unknown" } as const;
  return {
    outcome: endings[outcome],
    code: platformCode ?? code,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    quotaGone: outcome === "quota",
    again,
  };
}
