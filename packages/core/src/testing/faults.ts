/**
 * A plan of faults between a process and its store. {@link faultyCache} and {@link faultyLock}
 * carry it out.
 */
import type { Unsubscribe } from "../driver/subscriptions.ts";
import { CacheUnavailableError, type CacheUnavailableReason } from "../errors.ts";
import { delay, type Clock } from "../time/time.ts";

export type FaultyOperation =
  | "get"
  | "set"
  | "delete"
  | "clear"
  | "keys"
  | "watch"
  | "tryAcquire"
  | "extend"
  | "release"
  | "onRelease";

/**
 * - `fail-before`: the call fails, and the store never saw it.
 * - `fail-after`: the store executed the call, and the answer was lost.
 * - `hang-before`, `hang-after`: the same two, but the call never settles.
 * - delays: the request, or its answer, travels that long.
 */
export type Fault =
  | "fail-before"
  | "fail-after"
  | "hang-before"
  | "hang-after"
  | { readonly requestMs?: number; readonly replyMs?: number };

export interface FaultyCall {
  readonly operation: FaultyOperation;
  /** The key, or the name of the lock. Empty for an operation that has neither. */
  readonly name: string;
  /** How many calls of this operation were made before. */
  readonly index: number;
}

export interface FaultPlan {
  /**
   * Plans faults for the next calls of an operation, one for each call. `undefined` lets a call
   * through.
   */
  next(operation: FaultyOperation, ...faults: readonly (Fault | undefined)[]): void;
  /** Drops what is planned for the next calls of an operation. */
  forget(operation: FaultyOperation): void;
  /**
   * While true, every call fails before it is executed, and no message arrives. Afterwards
   * subscribers are notified that they may have missed messages.
   */
  unreachable: boolean;
  /**
   * While true, the store behaves like a stopped process: no call is executed or answered, and no
   * message arrives. Ends as `unreachable` does.
   */
  frozen: boolean;
  /**
   * While set, the store answers reads and refuses every write for this reason, such as a full disk
   * or a missing right. Messages arrive.
   */
  refusesWrites: CacheUnavailableReason | undefined;
  /** While true, calls work but messages (changes, releases) are lost without a trace. */
  losesMessages: boolean;
  /**
   * How many calls of an operation were made, whatever their result. Without an operation: of all
   * operations.
   */
  calls(operation?: FaultyOperation): number;
  /** Carries out what is planned for one call. For wrappers. */
  run<T>(operation: FaultyOperation, name: string, execute: () => Promise<T>): Promise<T>;
  /** True when a message that the store sends now arrives. For wrappers. */
  readonly carriesMessages: boolean;
  /** Calls `listener` whenever the store can be reached again. For wrappers. */
  onReconnect(listener: () => void): () => void;
}

export interface FaultPlanOptions {
  readonly clock: Clock;
  /** Decides about calls that {@link FaultPlan.next} did not plan. */
  readonly decide?: (call: FaultyCall) => Fault | undefined;
}

/** Makes a plan. A cache and a lock of the same store should share one. */
export function faultPlan(options: FaultPlanOptions): FaultPlan {
  const scripted = new Map<FaultyOperation, (Fault | undefined)[]>();
  const counts = new Map<FaultyOperation, number>();
  const reconnections = new Set<{ readonly listener: () => void }>();
  const broken = { unreachable: false, frozen: false };

  const switchTo = (cause: "unreachable" | "frozen", value: boolean): void => {
    const before = broken.unreachable || broken.frozen;
    broken[cause] = value;
    if (before && !broken.unreachable && !broken.frozen)
      for (const { listener } of [...reconnections]) listener();
  };

  const choose = (call: FaultyCall): Fault | undefined => {
    if (broken.unreachable) return "fail-before";
    if (broken.frozen) return "hang-before";
    const queue = scripted.get(call.operation);
    return queue !== undefined && queue.length > 0 ? queue.shift() : options.decide?.(call);
  };

  return {
    get unreachable() {
      return broken.unreachable;
    },
    set unreachable(value) {
      switchTo("unreachable", value);
    },
    get frozen() {
      return broken.frozen;
    },
    set frozen(value) {
      switchTo("frozen", value);
    },
    refusesWrites: undefined,
    losesMessages: false,
    next(operation, ...faults) {
      scripted.set(operation, [...(scripted.get(operation) ?? []), ...faults]);
    },
    calls(operation) {
      if (operation !== undefined) return counts.get(operation) ?? 0;
      return [...counts.values()].reduce((sum, count) => sum + count, 0);
    },
    forget: (operation) => void scripted.delete(operation),
    async run(operation, name, execute) {
      const index = counts.get(operation) ?? 0;
      counts.set(operation, index + 1);
      if (
        this.refusesWrites !== undefined &&
        writes.has(operation) &&
        !broken.unreachable &&
        !broken.frozen
      )
        throw denied(this.refusesWrites);
      return suffer(options.clock, choose({ operation, name, index }), execute);
    },
    get carriesMessages() {
      return !broken.unreachable && !broken.frozen && !this.losesMessages;
    },
    onReconnect(listener) {
      const reconnection = { listener };
      reconnections.add(reconnection);
      return () => {
        reconnections.delete(reconnection);
      };
    },
  };
}

/**
 * Subscribes through a plan. Messages arrive only while the plan lets them, and `missed` is called
 * after each reconnection.
 */
export async function subscribeThrough(
  plan: FaultPlan,
  subscribe: (deliver: (message: () => void) => void) => Promise<Unsubscribe>,
  missed: () => void,
): Promise<Unsubscribe> {
  const forget = plan.onReconnect(missed);
  try {
    const unsubscribe = await subscribe((message) => {
      if (plan.carriesMessages) message();
    });
    return () => {
      forget();
      return unsubscribe();
    };
  } catch (error) {
    forget();
    throw error;
  }
}

async function suffer<T>(
  clock: Clock,
  fault: Fault | undefined,
  execute: () => Promise<T>,
): Promise<T> {
  if (fault === undefined) return execute();
  if (fault === "fail-before") throw lost("refused before it was sent");
  if (fault === "hang-before") return never();
  if (typeof fault === "object") {
    if (fault.requestMs !== undefined) await delay(clock, fault.requestMs);
    const result = await execute();
    if (fault.replyMs !== undefined) await delay(clock, fault.replyMs);
    return result;
  }
  await execute();
  if (fault === "fail-after") throw lost("its answer was lost");
  return never();
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}

const writes: ReadonlySet<FaultyOperation> = new Set([
  "set",
  "delete",
  "clear",
  "tryAcquire",
  "extend",
  "release",
]);

function denied(reason: CacheUnavailableReason): CacheUnavailableError {
  const retryable = reason !== "forbidden" && reason !== "unauthorized";
  return new CacheUnavailableError(`The write was refused because the test says so: ${reason}.`, {
    reason,
    retryable,
  });
}

function lost(what: string): CacheUnavailableError {
  return new CacheUnavailableError(`The call failed because the test says so: ${what}.`, {
    reason: "disconnected",
  });
}
