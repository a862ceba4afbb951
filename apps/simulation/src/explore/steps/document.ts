/** Changes the fleet's document with the reducer under test, and judges every write. */
import {
  isSuspect,
  type State,
  type StateEvent,
  type VerdictOf,
} from "@lingpai/core/internal/state";
import { storeNowMs, type Model } from "../model/model.ts";
import { serialOf, type World } from "../model/world.ts";

export interface Applied<E extends StateEvent> {
  readonly world: World;
  readonly verdict: VerdictOf<E>;
  /** The document after the event. */
  readonly document: State | undefined;
  readonly broken: string | undefined;
}

/**
 * Applies an event to the stored document. A compare-and-set that decides again after each conflict
 * counts as one atomic step.
 *
 * @param seen is the document on which it decides, before it overwrites the stored one, as a mutant
 *   without compare-and-set does.
 */
export function apply<E extends StateEvent>(
  model: Model,
  world: World,
  event: E,
  seen?: { document: State | undefined },
): Applied<E> {
  const before = seen === undefined ? world.store.document : seen.document;
  const nowMs = storeNowMs(world, model);
  const { state, verdict } = model.protocol.reduce(before, event, nowMs, model.rules);
  if (state === undefined) return { world, verdict, document: before, broken: undefined };
  const again = model.protocol.reduce(state, event, nowMs, model.rules);
  const broken =
    judgeWrite(world.store.document, state, event) ??
    judgeForgotten(world, state, event) ??
    judgeRepetition(state, again.state, event);
  return { world: written(model, world, state), verdict, document: state, broken };
}

function written(model: Model, world: World, document: State): World {
  const { store } = world;
  const { forgets } = model.bounds;
  const remembers = forgets > 0 && world.left.failovers > 0;
  const past = remembers
    ? [
        ...store.past,
        { document: store.document, version: store.version, fence: store.lock.fence },
      ].slice(-forgets)
    : [];
  return { ...world, store: { ...store, document, version: world.ids, past }, ids: world.ids + 1 };
}

function judgeWrite(
  before: State | undefined,
  after: State,
  event: StateEvent,
): string | undefined {
  const stored = before?.credential;
  const next = after.credential;
  if (event.type === "intent" && after.intent !== undefined) {
    const { epoch } = after.intent;
    if (epoch <= (stored?.epoch ?? 0) || epoch <= (before?.intent?.epoch ?? 0))
      return `I10: the intent's epoch ${epoch} does not exceed what is stored`;
  }
  if (next === undefined) return undefined;
  if (stored !== undefined && next.commitId !== stored.commitId) {
    if (next.epoch < stored.epoch)
      return `I9: the credential of epoch ${stored.epoch} is replaced by one of epoch ${next.epoch}`;
    const isEarlier = serialOf(next.fingerprint) < serialOf(stored.fingerprint);
    if (isEarlier && after.doubtSinceMs === undefined)
      return `promise 2: ${stored.fingerprint} is replaced by ${next.fingerprint}, which was issued earlier, and the document is not in doubt`;
  }
  const named =
    event.type === "suspect"
      ? event.fingerprint
      : event.type === "intent"
        ? event.refused
        : undefined;
  const isMarked =
    isSuspect(after) &&
    !(before !== undefined && isSuspect(before) && stored?.fingerprint === next.fingerprint);
  if (isMarked && named !== next.fingerprint)
    return `I11: a rejection of ${named ?? "nothing"} marks ${next.fingerprint}`;
  return undefined;
}

function judgeForgotten(
  { forgotten }: World,
  { credential }: State,
  { type }: StateEvent,
): string | undefined {
  return type === "repair" &&
    credential !== undefined &&
    serialOf(credential.fingerprint) <= forgotten
    ? `I33: ${credential.fingerprint} is written back after an operator has reset it`
    : undefined;
}

function judgeRepetition(
  once: State,
  twice: State | undefined,
  event: StateEvent,
): string | undefined {
  if (twice === undefined || JSON.stringify(once) === JSON.stringify(twice)) return undefined;
  return `I8: the same ${event.type}, applied twice has another effect than once`;
}
