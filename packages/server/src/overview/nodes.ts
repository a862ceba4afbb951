/** Which node has which generation, according to the nodes' own events. */
import type { FleetEvent } from "../events/fleet-view.ts";

export interface NodeOn {
  readonly node: string;
  readonly environment: string;
  readonly generation: number;
  readonly agoMs: number;
  /**
   * The time from the commit to the adoption on this node. Undefined for the node that committed.
   */
  readonly lagMs: number | undefined;
}

/** One node of the fleet. */
export interface FleetNode {
  readonly node: string;
  readonly environment: string;
  /** The number of its credentials whose present generation it has. */
  readonly on: number;
  readonly total: number;
  readonly lastAgoMs: number;
  /** Over its adoptions of the last 48 h. Undefined if there were none. */
  readonly lagMs: { readonly median: number; readonly most: number } | undefined;
}

export type NodesByRef = ReadonlyMap<string, ReadonlyMap<string, NodeOn>>;

const takes = new Set(["refreshed", "adopted", "repaired", "reconciled"]);

export function nodesIn(events: readonly FleetEvent[], nowMs: number): NodesByRef {
  const found = new Map<string, Map<string, NodeOn>>();
  for (const { atMs, event, ref } of events) {
    const node = String(event["node"]);
    const environment = String(event["environment"]);
    const nodes = found.get(ref) ?? new Map<string, NodeOn>();
    found.set(ref, nodes);
    const name = `${environment}/${node}`;
    if (event.type === "closed") nodes.delete(name);
    if (!takes.has(event.type)) continue;
    const lag = event["lagMs"];
    nodes.set(name, {
      node,
      environment,
      generation: Number(event["generation"]),
      agoMs: Math.max(0, nowMs - atMs),
      lagMs: typeof lag === "number" ? lag : undefined,
    });
  }
  return found;
}

/** The number of nodes that have the newest generation. */
export function adoptionOf(
  nodes: ReadonlyMap<string, NodeOn> | undefined,
  generation: number | undefined,
): { readonly on: number; readonly total: number } {
  const all = [...(nodes?.values() ?? [])];
  return { on: all.filter((one) => one.generation === generation).length, total: all.length };
}

export function fleetOf(
  events: readonly FleetEvent[],
  nowMs: number,
  generations: ReadonlyMap<string, number | undefined>,
): readonly FleetNode[] {
  const found = new Map<string, { readonly nodes: NodeOn[]; on: number }>();
  for (const [ref, nodes] of nodesIn(events, nowMs))
    for (const [name, one] of nodes) {
      const entry = found.get(name) ?? { nodes: [], on: 0 };
      found.set(name, entry);
      entry.nodes.push(one);
      if (one.generation === generations.get(ref)) entry.on += 1;
    }
  const lags = lagsOf(events);
  return [...found]
    .map(([name, { nodes, on }]) => ({
      node: nodes[0]!.node,
      environment: nodes[0]!.environment,
      on,
      total: nodes.length,
      lastAgoMs: Math.min(...nodes.map(({ agoMs }) => agoMs)),
      lagMs: spreadOf(lags.get(name) ?? []),
    }))
    .toSorted((a, b) => a.on - a.total - (b.on - b.total) || (a.node < b.node ? -1 : 1));
}

function lagsOf(events: readonly FleetEvent[]): ReadonlyMap<string, readonly number[]> {
  const lags = new Map<string, number[]>();
  for (const { event } of events) {
    const { environment, lagMs, node, type } = event;
    if (type !== "adopted" || typeof lagMs !== "number") continue;
    const name = `${String(environment)}/${String(node)}`;
    lags.set(name, [...(lags.get(name) ?? []), lagMs]);
  }
  return lags;
}

function spreadOf(lags: readonly number[]): FleetNode["lagMs"] {
  const sorted = lags.toSorted((a, b) => a - b);
  const most = sorted.at(-1);
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  return most === undefined || median === undefined ? undefined : { median, most };
}
