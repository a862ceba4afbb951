/**
 * What the lease holder does: read again, announce, send, record. Before the send a lost lease
 * aborts it; after the send nothing does, because aborting does not un-issue a credential, it only
 * destroys the knowledge of it.
 */
import { IssueError } from "../errors.ts";
import type { Issued, IssueRequest } from "../issuer.ts";
import { Secret } from "../secret.ts";
import { delay } from "../time/time.ts";
import { announce } from "./write-intent.ts";
import { isUnavailable } from "../fleet/store-health.ts";
import type { Approach, Claimed, Flight, Gate, Leadership } from "./attempt.ts";
import type { Parts } from "../fleet/node.ts";
import { handedOutAgain } from "./block-reason.ts";
import type { Ending, Recorder } from "./outcome.ts";
import { termsOn } from "../fleet/context.ts";
import { ask, askForInput, currentOf, isIssueError } from "./issuer-call.ts";

/**
 * What is handed out in its last moments is of no use to anybody. The next one comes when it has
 * ended, which is waited for.
 */
const lastMomentsMs = 2_000;
const attemptsAtEndMax = 3;
/** How often the document is read again during a drain. */
const drainLookMs = 500;

/**
 * Resolves when this process holds what the goal asks for, or with the gate that is closed.
 *
 * @throws {IssueError} the platform refused or did not answer; the fleet's document says so too.
 */
export async function lead(
  parts: Parts,
  leadership: Leadership,
  recorder: Recorder,
): Promise<Gate | Claimed | undefined> {
  const { setting, storeClock, local } = parts;
  const { issuer, parameters } = setting;
  const { canForce } = termsOn(setting, local.state);
  const { goal, isAlone } = leadership;
  // By force it would take from the others what they use, and they could not be told.
  const force = isAlone ? "never" : goal.reason === "manual" && canForce ? "must" : "may";
  let approach: Approach = { force, source: { from: "store" } };
  let refused: Secret | undefined;
  for (let attempt = 1; ;) {
    const flight = await announce(parts, leadership, recorder, approach);
    if (flight === undefined) return undefined;
    if ("why" in flight) {
      if (flight.why !== "drain") return flight;
      // Should what is stored be refused meanwhile, nothing is left to wait for: here, or
      // elsewhere, which the document says.
      await pause(
        parts,
        leadership,
        Math.min(drainLookMs, Math.max(1, flight.untilMs - storeClock.nowMs())),
      );
      continue;
    }
    if (flight.recovers) {
      approach = {
        ...approach,
        source: { from: "platform", input: await recover(parts, flight, recorder, refused) },
      };
      continue;
    }
    // Once the fleet backs off, one attempt a turn is enough: an outage is not the moment to spend
    // the day's quota.
    const again = attempt < parameters.attemptsMax && flight.snapshot.state.failures === 0;
    const answer = await send(parts, flight, recorder, {
      again,
      mayRecover: refused === undefined,
    });
    attempt += 1;
    if (answer === "input-refused") {
      refused = flight.input;
      approach = { ...approach, source: { from: "nowhere" } };
    } else if (answer === "busy") await pause(parts, leadership, 200 + setting.random.next() * 800);
    else if (local.serves(flight.aim.reason === "rejected" ? flight.aim : { reason: "cold" }))
      return undefined;
    else if (
      flight.aim.reason !== "rejected" &&
      endsInMs(parts) <= lastMomentsMs &&
      attempt <= attemptsAtEndMax
    )
      await pause(parts, leadership, Math.max(0, endsInMs(parts)) + setting.random.next() * 100);
    else if ((await isFoundDead(parts, flight)) && canForce && !flight.forced && !isAlone)
      approach = { ...approach, force: "must" };
    else throw handedOutAgain(issuer.id);
  }
}

/** How long the stored credential lives yet, in ms. */
function endsInMs({ local, storeClock }: Parts): number {
  return (local.state?.credential?.expiresAtMs ?? Number.POSITIVE_INFINITY) - storeClock.nowMs();
}

/**
 * Whether what was refused, and handed out again, is dead by the platform's own word. Otherwise it
 * is in use again.
 */
async function isFoundDead(
  { local }: Parts,
  { aim, leadership: { document, probe } }: Flight,
): Promise<boolean> {
  const { state } = local;
  const held = state?.credential;
  if (
    aim.reason !== "rejected" ||
    state === undefined ||
    held === undefined ||
    held.fingerprint !== aim.refused
  )
    return false;
  const { fingerprint } = held;
  const isDead = (await probe.verdict(new Secret(held.secret, fingerprint))) === "dead";
  const event = { type: "suspect", fingerprint, found: isDead ? "dead" : "alive" } as const;
  const applied = await document.apply(event).catch((error: unknown) => {
    if (!isUnavailable(error)) throw error;
    return undefined;
  });
  const next = applied?.snapshot.state ?? state;
  if (isDead) {
    local.note(next);
    return true;
  }
  local.readmit(fingerprint);
  if (next.credential?.fingerprint === fingerprint) local.adopt(next, next.credential);
  return false;
}

/** Waits under the lease; ends early when the lease is lost or everything closes. */
async function pause(
  { setting }: Parts,
  { lease, closing }: Leadership,
  ms: number,
): Promise<void> {
  await delay(setting.clock, ms, AbortSignal.any([lease.signal, closing]));
}

interface Patience {
  /** Whether another attempt follows when the platform is busy. */
  readonly again: boolean;
  /** Whether the platform may be asked which input works, when it refuses this one. */
  readonly mayRecover: boolean;
}

async function send(
  parts: Parts,
  flight: Flight,
  recorder: Recorder,
  { again, mayRecover }: Patience,
): Promise<"answered" | "busy" | "input-refused"> {
  const { setting, storeClock } = parts;
  let issued: Issued;
  try {
    issued = await ask(
      { ...setting, ...termsOn(setting, flight.snapshot.state) },
      requestOf(parts, flight),
    );
  } catch (error) {
    if (!isIssueError(error)) {
      await recorder.abandon(flight, { outcome: "yielded", code: "NOT_SENT" });
      throw error;
    }
    const isInputRefused =
      error.outcome === "input" && mayRecover && setting.issuer.recover !== undefined;
    const retries =
      isInputRefused ||
      (again &&
        error.outcome === "busy" &&
        (error.retryAfterMs ?? 0) <= setting.rules.cool.firstMs);
    const told = error.outcome === "input" && !isInputRefused ? fatal(error) : error;
    const isRecorded = await recorder.abandon(flight, endingOf(told, retries), told);
    if (!retries || !isRecorded) throw told;
    return isInputRefused ? "input-refused" : "busy";
  }
  await recorder.commit({
    flight,
    issued,
    receivedAtMs: Math.max(flight.intent.atMs, storeClock.nowMs()),
  });
  return "answered";
}

/**
 * The input that works, by the platform's own word: asked under an intent of its own, so that
 * failures back the fleet off as they do for an issue.
 */
async function recover(
  parts: Parts,
  flight: Flight,
  recorder: Recorder,
  refused: Secret | undefined,
): Promise<Secret> {
  const { setting } = parts;
  try {
    const carry = await askForInput(setting, { parent: flight.leadership.parent });
    const input = new Secret(carry, setting.fingerprintOf(carry));
    if (input.fingerprint === refused?.fingerprint)
      throw new IssueError(
        "fatal",
        `The platform refuses the only input that it knows for "${setting.issuer.id}". Authorise again.`,
      );
    await recorder.abandon(flight, { outcome: "yielded", code: "RECOVERED" });
    return input;
  } catch (error) {
    if (isIssueError(error)) await recorder.abandon(flight, endingOf(error, false), error);
    else await recorder.abandon(flight, { outcome: "yielded", code: "NOT_SENT" });
    throw error;
  }
}

/** Nobody can name another input. */
function fatal(error: IssueError): IssueError {
  const { message, platformCode } = error;
  return new IssueError("fatal", message, {
    cause: error,
    ...(platformCode === undefined ? {} : { platformCode }),
  });
}

function requestOf(
  { setting }: Parts,
  { aim, forced, input, leadership, snapshot }: Flight,
): Omit<IssueRequest, "signal"> {
  const current = currentOf(setting, snapshot.state.credential);
  return {
    reason: aim.reason,
    forced,
    current,
    parent: leadership.parent,
    ...(input && { input }),
  };
}

/**
 * A refused parent is no failure of its child until the parent turns out not to be to blame;
 * everything else that was refused backs the fleet off.
 */
export function endingOf(
  { outcome, code, platformCode, retryAfterMs, scope }: IssueError,
  again: boolean,
): Ending {
  const endings = {
    busy: "refused",
    fatal: "refused",
    quota: "refused",
    parent: "parent",
    input: "refused",
    unsent: "unsent",
    unknown: "unknown",
  } as const;
  return {
    outcome: endings[outcome],
    code: platformCode ?? code,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    quotaGone: outcome === "quota",
    // An issuer may bring an older copy of this package, whose errors have no scope.
    ...(outcome === "fatal" && { refusal: scope ?? "account" }),
    again,
  };
}
