/**
 * All that goes wrong with the platform and the way to it, drawn at random: for a day's run of
 * one's own service.
 */
import type { Random } from "@lingpai/core";
import type { Fault, FaultSource, FaultSubject } from "./fault.ts";

export interface ChaosOptions {
  readonly random: Random;
  /** How often a request meets something, from 0 to 1. @defaultValue 0.05 */
  readonly rate?: number;
}

type Draw = (subject: FaultSubject, random: Random) => Fault;

const draws: readonly Draw[] = [
  // The way there and back.
  () => ({ loseRequest: true }),
  () => ({ loseReply: true }),
  () => ({ refuseConnect: 407 }),
  () => ({ refuseConnect: 502 }),
  (_subject, random) => ({ delayBeforeMs: 10_000 * random.next() }),
  (_subject, random) => ({ delayAfterMs: 10_000 * random.next() }),
  // What stands in between.
  () => ({ status: 502, body: "html" }),
  () => ({ body: "html" }),
  () => ({ body: "truncated" }),
  () => ({ body: "empty" }),
  () => ({ body: "object" }),
  () => ({ body: "control-characters" }),
  // The platform itself. It has processed half of what it calls busy.
  () => ({ errcode: -1 }),
  () => ({ errcode: -1, processed: true }),
  () => ({ errcode: 45011 }),
  ({ endpoint }) => (endpoint.includes("token") ? { errcode: 50000 } : { errcode: 48001 }),
];

/** For `simulator.faults.always`. What it draws is told by the random source alone. */
export function chaos({ random, rate = 0.05 }: ChaosOptions): FaultSource {
  return (subject) => {
    if (random.next() >= rate) return undefined;
    return draws[Math.floor(random.next() * draws.length)]?.(subject, random);
  };
}
