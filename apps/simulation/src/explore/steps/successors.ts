/** Lists the next steps of a situation, always in the same order. */
import { judge, judgeComplaints } from "./invariants.ts";
import { acquire, writeIntent, look, send } from "./leader.ts";
import type { Model } from "../model/model.ts";
import { abandon, commit, commitKept, refuse, timeOut } from "./outcome-writer.ts";
import type { Successor } from "../model/step.ts";
import {
  clear,
  crash,
  expire,
  failOver,
  issueForeign,
  processOrphans,
  processRequest,
  read,
  reject,
  reset,
  suspect,
  tick,
} from "./environment.ts";
import type { World } from "../model/world.ts";

export function successors(model: Model, world: World): Successor[] {
  const all: Successor[] = [];
  const emit = (step: Successor["step"], next: World, broken?: string): void => {
    if (next !== world)
      all.push({
        step,
        world: next,
        broken: broken ?? judge(next) ?? judgeComplaints(model, next),
      });
  };
  for (let i = 0; i < world.processes.length; i += 1) {
    acquire(model, world, i, emit);
    look(world, i, emit);
    writeIntent(model, world, i, emit);
    send(model, world, i, emit);
    processRequest(world, i, emit);
    commit(model, world, i, emit);
    commitKept(model, world, i, emit);
    refuse(model, world, i, emit);
    timeOut(world, i, emit);
    abandon(model, world, i, emit);
    read(model, world, i, emit);
    reject(model, world, i, emit);
    suspect(model, world, i, emit);
    clear(model, world, i, emit);
    crash(model, world, i, emit);
  }
  processOrphans(world, emit);
  issueForeign(world, emit);
  reset(model, world, emit);
  expire(world, emit);
  failOver(model, world, emit);
  tick(model, world, emit);
  return all;
}
