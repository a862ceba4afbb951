/**
 * A simulated process: its clocks, its timers, the messages that it receives, and the faults that
 * can hit it.
 */
import type { CancelTimer, Clock } from "@lingpai/core";
import type { QueuedEvent } from "./event-queue.ts";
import type { World } from "./world.ts";

export interface ProcessOptions {
  readonly name: string;
  /** The offset of its wall clock from true time. */
  readonly wallOffsetMs: number;
  /** The true time at which its monotonic clock showed 0. */
  readonly bootedAtMs: number;
}

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
  event: QueuedEvent | undefined;
}

export class Process implements Clock {
  readonly name: string;
  readonly #world: World;
  readonly #timers = new Set<Timer>();
  #wallOffsetMs: number;
  #bootedAtMs: number;
  #isDead = false;
  #pausedUntilMs: number | undefined;
  /**
   * Timers and messages that came due while it was paused. When it goes on, the timers run first,
   * as in an event loop.
   */
  #late: { timers: Timer[]; messages: (() => void)[] } = { timers: [], messages: [] };
  #pausedMs = 0;

  constructor(world: World, { name, wallOffsetMs, bootedAtMs }: ProcessOptions) {
    this.#world = world;
    this.name = name;
    this.#wallOffsetMs = wallOffsetMs;
    this.#bootedAtMs = bootedAtMs;
  }

  monotonicMs(): number {
    return this.#world.nowMs - this.#bootedAtMs;
  }

  wallMs(): number {
    return Math.floor(this.#world.nowMs + this.#wallOffsetMs);
  }

  setTimer(delayMs: number, fire: () => void): CancelTimer {
    if (this.#isDead) return () => {};
    const timer: Timer = {
      dueMs: this.monotonicMs() + Math.ceil(Math.max(0, delayMs)),
      fire,
      event: undefined,
    };
    this.#timers.add(timer);
    this.#arm(timer);
    return () => {
      this.#timers.delete(timer);
      if (timer.event !== undefined) timer.event.handler = undefined;
    };
  }

  /** The number of timers that are set and have not fired. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Whether it runs now: it is neither dead nor paused. */
  get isAwake(): boolean {
    return !this.#isDead && this.#pausedUntilMs === undefined;
  }

  /** The time in which it was not paused, in ms. Only differences have a meaning. */
  get awakeMs(): number {
    return this.#world.nowMs - this.#pausedMs;
  }

  /**
   * Handles a message from the network after `delayMs`: later if the process is paused, never if it
   * is dead.
   */
  receive(delayMs: number, message: () => void): void {
    this.#world.after(delayMs, () => {
      if (this.#isDead) return "quiet";
      if (this.#pausedUntilMs === undefined) return message();
      this.#late.messages.push(message);
      return "quiet";
    });
  }

  /** SIGSTOP, a long garbage collection or a blocked event loop: the clocks go on, nothing runs. */
  pause(ms: number): void {
    this.#stop(ms, false);
  }

  /** The machine is suspended: the monotonic clock stops too. */
  suspend(ms: number): void {
    this.#stop(ms, true);
  }

  /** NTP sets the wall clock; nothing else moves. */
  stepWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  /** SIGKILL: no timer fires and no message arrives any more. */
  kill(): void {
    this.#isDead = true;
    for (const { event } of this.#timers) if (event !== undefined) event.handler = undefined;
    this.#timers.clear();
  }

  #stop(ms: number, asleep: boolean): void {
    if (!this.isAwake) return;
    const sinceMs = this.#world.nowMs;
    this.#pausedUntilMs = sinceMs + ms;
    this.#world.after(ms, () => {
      const passedMs = this.#world.nowMs - sinceMs;
      this.#pausedUntilMs = undefined;
      this.#pausedMs += passedMs;
      if (asleep) this.#bootedAtMs += passedMs;
      this.#catchUp();
      return "quiet";
    });
  }

  #catchUp(): void {
    const { timers, messages } = this.#late;
    this.#late = { timers: [], messages: [] };
    for (const timer of timers.sort((one, other) => one.dueMs - other.dueMs)) this.#arm(timer);
    for (const message of messages) this.receive(0, message);
  }

  #arm(timer: Timer): void {
    timer.event = this.#world.after(timer.dueMs - this.monotonicMs(), () => this.#fire(timer));
  }

  #fire(timer: Timer): "quiet" | void {
    if (this.#isDead || !this.#timers.has(timer)) return "quiet";
    if (this.#pausedUntilMs !== undefined) {
      this.#late.timers.push(timer);
      return "quiet";
    }
    if (this.monotonicMs() < timer.dueMs) {
      this.#arm(timer);
      return "quiet";
    }
    this.#timers.delete(timer);
    timer.fire();
    return undefined;
  }
}

/** Returns the node of a process: `node-1.3` is the third process of `node-1`. */
export function nodeNameOf(processName: string): string {
  return processName.slice(0, processName.lastIndexOf("."));
}
