/**
 * The store while it cannot be reached: this process's own copy of the document, for issuers that
 * hand out the same credential again, or a node without neighbours.
 */
import type { Lease } from "../lease/lease.ts";
import { reduce, type StateEvent } from "../state/reduce.ts";
import type { State } from "../state/state.ts";
import type { Applied, FleetDocument, Snapshot } from "../fleet/document.ts";
import type { LeaseContext } from "../leader/attempt.ts";
import type { FleetNode } from "../fleet/node.ts";

/**
 * The newest document that this process knows. What is written to it the fleet never reads: when
 * the store is back, what it holds is adopted, or repaired if it holds what was replaced meanwhile.
 */
export class OwnDocument implements FleetDocument {
  readonly #node: FleetNode;

  constructor(node: FleetNode) {
    this.#node = node;
  }

  async read(): Promise<Snapshot> {
    return snapshotOf(this.#node.local.state);
  }

  /** Decides on the document as it is now: nobody writes between the decision and the change. */
  async apply<E extends StateEvent>(event: E): Promise<Applied<E>> {
    const { local, context, storeClock } = this.#node;
    const { state, verdict } = reduce(local.state, event, storeClock.nowMs(), context.rules);
    if (state !== undefined) local.note(state);
    return { verdict, snapshot: snapshotOf(state ?? local.state) };
  }
}

const snapshotOf = (state: State | undefined): Snapshot => ({ state, version: "absent" });

/** Nobody can be kept out, and nobody takes it away. */
function leaseOf({ context, storeClock }: FleetNode): Lease {
  const release = async (): Promise<boolean> => true;
  return {
    acquired: true,
    name: context.issuer.id,
    fence: 0,
    storeNowMs: storeClock.nowMs(),
    signal: new AbortController().signal,
    lost: undefined,
    isHeld: () => true,
    release,
    [Symbol.asyncDispose]: async () => void (await release()),
  };
}

/** What a leader has, without a store: the same rules, and nobody else to agree with. */
export function withoutStoreContext(
  node: FleetNode,
  terms: Pick<LeaseContext, "goal" | "parent" | "probe" | "closing">,
): LeaseContext {
  return {
    ...terms,
    lease: leaseOf(node),
    document: new OwnDocument(node),
    claims: { ensure: async () => undefined, seeOthers: async () => {}, rival: undefined },
    isWithoutStore: true,
    startedMs: node.context.clock.monotonicMs(),
  };
}
