/**
 * The store while it cannot be reached: this process's own copy of the document, for issuers that
 * hand out the same credential again, or a node without neighbours.
 */
import type { Lease } from "../lease/lease.ts";
import { reduce, type StateEvent } from "../state/reduce.ts";
import type { State } from "../state/state.ts";
import type { Applied, FleetDocument, Snapshot } from "../fleet/document.ts";
import type { Leadership } from "../leader/attempt.ts";
import type { Parts } from "../fleet/node.ts";

/**
 * The newest document that this process knows. What is written to it the fleet never reads: when
 * the store is back, what it holds is adopted, or repaired if it holds what was replaced meanwhile.
 */
export class OwnDocument implements FleetDocument {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async read(): Promise<Snapshot> {
    return snapshotOf(this.#parts.local.state);
  }

  /** Decides on the document as it is now: nobody writes between the decision and the change. */
  async apply<E extends StateEvent>(event: E): Promise<Applied<E>> {
    const { local, setting, storeClock } = this.#parts;
    const { state, verdict } = reduce(local.state, event, storeClock.nowMs(), setting.rules);
    if (state !== undefined) local.note(state);
    return { verdict, snapshot: snapshotOf(state ?? local.state) };
  }
}

const snapshotOf = (state: State | undefined): Snapshot => ({ state, version: "absent" });

/** Nobody can be kept out, and nobody takes it away. */
function leaseOf({ setting, storeClock }: Parts): Lease {
  const release = async (): Promise<boolean> => true;
  return {
    acquired: true,
    name: setting.issuer.id,
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
export function aloneWith(
  parts: Parts,
  terms: Pick<Leadership, "goal" | "parent" | "probe" | "closing">,
): Leadership {
  return {
    ...terms,
    lease: leaseOf(parts),
    document: new OwnDocument(parts),
    claims: { ensure: async () => undefined, seeOthers: async () => {}, rival: undefined },
    isAlone: true,
    startedMs: parts.setting.clock.monotonicMs(),
  };
}
