/** Connections for access without the adapter: one to each server, not one for each command. */
import { openWire, ServerError } from "@lingpai/test-servers";
import type { Server, Wire } from "@lingpai/test-servers";

/** Finds the server of each key. */
export interface Holders {
  /** Returns the server that has this key now. */
  holderOf(key: string): Promise<Server>;
  /** Returns the place of a key. One server has all keys of a place. */
  placeOf(key: string): number;
}

export interface Wires {
  /**
   * Calls `work` with a connection to the key's server, and once more if another server has the key
   * or the connection is gone.
   */
  use<T>(key: string, work: (wire: Wire) => Promise<T>): Promise<T>;
}

/** They end with their servers. */
export function wiresTo({ holderOf, placeOf }: Holders): Wires {
  const holders = new Map<number, Promise<Server>>();
  const wires = new Map<Server, Promise<Wire>>();
  const wireOf = async (key: string): Promise<Wire> => {
    const place = placeOf(key);
    const holder = await (holders.get(place) ?? remember(holders, place, holderOf(key)));
    return wires.get(holder) ?? remember(wires, holder, openWire(holder));
  };
  return {
    async use(key, work) {
      try {
        return await work(await wireOf(key));
      } catch (error) {
        if (
          error instanceof ServerError &&
          !/^(MOVED|READONLY|MASTERDOWN|CLUSTERDOWN|LOADING)/.test(error.message)
        )
          throw error;
        // Others may still use the connection that is dropped here.
        holders.clear();
        wires.clear();
        return work(await wireOf(key));
      }
    },
  };
}

/** A failed result is requested again the next time. */
function remember<K, V>(known: Map<K, Promise<V>>, key: K, value: Promise<V>): Promise<V> {
  known.set(key, value);
  value.catch(() => known.delete(key));
  return value;
}
