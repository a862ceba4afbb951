/**
 * A refresh while the store cannot be reached: it works on this process's own copy of the document,
 * for issuers that hand out the same credential again, or for a single node.
 */
import { reduce, type StateEvent } from "../state/reduce.ts";
import type { State } from "../state/state.ts";
import type { Applied, FleetDocument, Snapshot } from "../fleet/document.ts";
import type { LeaderLease, LeaseContext } from "../leader/attempt.ts";
import type { FleetNode } from "../fleet/node.ts";

/**
 * The newest document that this process knows. The fleet never reads what is written here. When the
 * store is back, its credential is adopted, or repaired if it was replaced meanwhile.
 */
export class OwnDocument implements FleetDocument {
  readonly #node: FleetNode;

  constructor(node: FleetNode) {
    this.#node = node;
  }

  async read(): Promise<Snapshot> {
    return snapshotOf(this.#node.local.state);
  }

  /** Decides on the document as it is now: no other node writes between decision and change. */
  async apply<E extends StateEvent>(event: E): Promise<Applied<E>> {
    const { local, context, storeClock } = this.#node;
    const { state, verdict } = reduce(local.state, event, storeClock.nowMs(), context.rules);
    if (state !== undefined) local.continueState(state, local.state);
    return { verdict, snapshot: snapshotOf(state ?? local.state) };
  }
}

const snapshotOf = (state: State | undefined): Snapshot => ({ state, version: "absent" });

/** A lease that excludes no other node and is never lost. */
function endlessLease(): LeaderLease {
  return {
    fence: 0,
    signal: new AbortController().signal,
    lost: undefined,
    isHeld: () => true,
    release: async () => {},
  };
}

/** Returns a leader's context without a store: the same rules, and no other nodes. */
export function withoutStoreContext(
  node: FleetNode,
  terms: Pick<LeaseContext, "goal" | "parent" | "probe" | "closing">,
): LeaseContext {
  return {
    ...terms,
    lease: endlessLease(),
    document: new OwnDocument(node),
    claims: {
      claim: async () => undefined,
      readOthers: async () => {},
      otherClaimant: undefined,
      sinceMs: node.local.state?.credential?.by.claimedMs,
    },
    isWithoutStore: true,
    startedMs: node.context.clock.monotonicMs(),
  };
}
