/** The fleets of the contention bench: Lingpai on either token, and a simple fleet. */
import { naive, ours, type Contended, type Fleet, type Mode } from "./fleets.ts";

/** The nodes of each fleet. */
export const nodes = 3;

export interface Contender {
  readonly name: string;
  readonly mode: Mode;
  /**
   * True if it changes to the stable token by itself. It runs against attackers that exceed the
   * budget.
   */
  readonly leaves?: true;
  /** True if it also runs beside a second fleet of its kind. */
  readonly fightsOwnKind?: true;
  readonly join: (field: Contended) => Fleet;
}

export const contenders: readonly Contender[] = [
  {
    name: "lingpai, plain token",
    mode: "plain",
    fightsOwnKind: true,
    join: (field) => ours(field, "lingpai", nodes),
  },
  { name: "lingpai, stable token", mode: "stable", join: (field) => ours(field, "lingpai", nodes) },
  {
    name: "lingpai, plain token until contention is confirmed, then stable",
    mode: "plain",
    leaves: true,
    join: (field) => ours(field, "lingpai", nodes, { onContention: "stable" }),
  },
  { name: "naive, plain token", mode: "plain", join: (field) => naive(field, "naive", nodes) },
  { name: "naive, stable token", mode: "stable", join: (field) => naive(field, "naive", nodes) },
];
