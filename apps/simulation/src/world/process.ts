/**
 * A simulated process: its own clocks, its timers, what reaches it over the network, and what can
 * befall it.
 */
import type { CancelTimer, Clock } from "@lingpai/core";
import type { Appointment } from "./event-queue.ts";
import type { World } from "./world.ts";

export interface ProcessOptions {
  readonly name: string;
  /** How far its wall clock is from the true time. */
  readonly wallOffsetMs: number;
  /** When its monotonic clock stood at 0, in true time. */
  readonly bootedAtMs: number;
}

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
  appointment: Appointment | undefined;
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
   * What came while it stood still, to be handled when it goes on: first the timers that are due,
   * as an event loop does.
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
      appointment: undefined,
    };
    this.#timers.add(timer);
    this.#arm(timer);
    return () => {
      this.#timers.delete(timer);
      if (timer.appointment !== undefined) timer.appointment.happening = undefined;
    };
  }

  /** Timers that are set and have not fired. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Whether it runs at this instant. */
  get isAwake(): boolean {
    return !this.#isDead && this.#pausedUntilMs === undefined;
  }

  /** For how long it has been able to work since it was made, in ms. */
  get awakeMs(): number {
    return this.#world.nowMs - this.#pausedMs;
  }

  /**
   * Hands over what comes from the network after so long: later if the process stands still, never
   * if it is dead.
   */
  receive(delayMs: number, message: () => void): void {
    this.#world.after(delayMs, () => {
      if (this.#isDead) return "quiet";
      if (this.#pausedUntilMs === undefined) return message();
      this.#late.messages.push(message);
      return "quiet";
    });
  }

  /** SIGSTOP, a long collection, a blocked loop: the clocks go on, nothing is handled. */
  pause(ms: number): void {
    this.#stop(ms, false);
  }

  /** The machine sleeps: the monotonic clock stands still too. */
  suspend(ms: number): void {
    this.#stop(ms, true);
  }

  /** NTP sets the wall clock; nothing else moves. */
  stepWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  /** Nothing fires and nothing arrives any more. */
  kill(): void {
    this.#isDead = true;
    for (const { appointment } of this.#timers)
      if (appointment !== undefined) appointment.happening = undefined;
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
    timer.appointment = this.#world.after(timer.dueMs - this.monotonicMs(), () =>
      this.#fire(timer),
    );
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

/** The node that a process is a life of: `node-1.3` is the third of `node-1`. */
export function nodeNameOf(processName: string): string {
  return processName.slice(0, processName.lastIndexOf("."));
}
