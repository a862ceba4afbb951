/** Delivers events to the listeners of one credential and to `node:diagnostics_channel`. */
import { channel } from "node:diagnostics_channel";
import type { CredentialEvent, EventContext, EventData, EventType } from "./events.ts";
import { ConfigurationError } from "../errors.ts";
import { measurementChannelName, type Figure } from "./measurements.ts";
import { requireOptions, type KindsOf } from "../options.ts";
import { printable } from "./printable.ts";
import type { Clock } from "../time/time.ts";

/**
 * Every event of every credential in the process is published here:
 * `subscribe("lingpai:credential", (event) => …)`.
 */
export const eventChannelName = "lingpai:credential";

export type EventListener = (event: CredentialEvent) => void;

export interface EventBus {
  /**
   * Publishes an event synchronously. Costs almost nothing while nobody listens. Makes text
   * printable, cuts fingerprints to 8 characters, and omits values that JSON cannot carry. Never
   * throws.
   */
  emit<Type extends EventType>(type: Type, data: EventData[Type]): void;
  /**
   * Calls `listener` for each later event until the returned function is called. A function that
   * was given twice is called twice.
   */
  subscribe(listener: EventListener, options?: ListenOptions): () => void;
  /**
   * True while somebody has subscribed here who needs a fresh credential. Subscribers of
   * `node:diagnostics_channel` do not count, because they listen to the whole process.
   */
  readonly keepsFresh: boolean;
  /**
   * Publishes a measurement on {@link measurementChannelName}. Does nothing, and reads no clock,
   * while nobody has subscribed there. Never throws.
   *
   * @param startedMs when the measured work began, on the monotonic clock.
   */
  measure(figure: Figure, startedMs?: number): void;
  /** Publishes nothing from now on. */
  close(): void;
}

export interface ListenOptions {
  /**
   * True if the credential is kept fresh as long as this listener listens. False for an observer,
   * such as a log. @defaultValue true
   */
  readonly keepsFresh?: boolean;
}

export interface EventBusOptions {
  /** The credential's id. */
  readonly id: string;
  readonly environment: string;
  readonly node: string;
  readonly clock: Clock;
}

/**
 * Makes the event bus of one credential. The error of a listener affects neither the credential nor
 * the other listeners. The first error of each subscription becomes a process warning with the code
 * `LINGPAI_LISTENER`. A listener that is removed during an event is not called for it.
 */
export function createEventBus(options: EventBusOptions): EventBus {
  requireOptions("createEventBus()", options, kinds);
  return new Bus(options);
}

const kinds = {
  clock: "clock",
  environment: "text",
  id: "text",
  node: "text",
} satisfies KindsOf<EventBusOptions>;

interface Subscription {
  readonly listener: EventListener;
  readonly keepsFresh: boolean;
  warned: boolean;
}

const diagnostics = channel(eventChannelName);
const measurements = channel(measurementChannelName);

class Bus implements EventBus {
  readonly #id: string;
  readonly #environment: string;
  readonly #node: string;
  readonly #clock: Clock;
  /** Made at the first subscription: most credentials have none. */
  #subscriptions: Set<Subscription> | undefined;
  #isClosed = false;

  constructor({ id, environment, node, clock }: EventBusOptions) {
    this.#id = id;
    this.#environment = environment;
    this.#node = node;
    this.#clock = clock;
  }

  get keepsFresh(): boolean {
    for (const { keepsFresh } of this.#subscriptions ?? []) if (keepsFresh) return true;
    return false;
  }

  emit<Type extends EventType>(type: Type, data: EventData[Type]): void {
    if (this.#isClosed || !(this.#hasListeners || diagnostics.hasSubscribers)) return;
    const event = createEvent(
      {
        credential: this.#id,
        environment: this.#environment,
        node: this.#node,
        atMs: this.#clock.wallMs(),
      },
      type,
      data,
    );
    const subscriptions = this.#subscriptions ?? new Set();
    for (const subscription of [...subscriptions]) {
      if (subscriptions.has(subscription)) deliver(subscription, event);
    }
    if (diagnostics.hasSubscribers) diagnostics.publish(event);
  }

  measure(figure: Figure, startedMs?: number): void {
    if (this.#isClosed || !measurements.hasSubscribers) return;
    measurements.publish(
      Object.freeze({
        credential: this.#id,
        environment: this.#environment,
        node: this.#node,
        ...figure,
        ...(startedMs !== undefined && { durationMs: this.#clock.monotonicMs() - startedMs }),
      }),
    );
  }

  subscribe(listener: EventListener, { keepsFresh = true }: ListenOptions = {}): () => void {
    if (typeof listener !== "function")
      throw new ConfigurationError(`A listener must be a function, not a ${typeof listener}.`);
    const subscriptions = (this.#subscriptions ??= new Set());
    const subscription: Subscription = { listener, keepsFresh, warned: false };
    subscriptions.add(subscription);
    return () => {
      subscriptions.delete(subscription);
    };
  }

  close(): void {
    this.#isClosed = true;
  }

  get #hasListeners(): boolean {
    return this.#subscriptions !== undefined && this.#subscriptions.size > 0;
  }
}

function createEvent<Type extends EventType>(
  context: EventContext,
  type: Type,
  data: EventData[Type],
): CredentialEvent {
  const event: Record<string, unknown> = { type, ...context };
  for (const [name, value] of Object.entries(data)) {
    const safe = safeValue(name, value);
    if (safe !== undefined) event[name] = safe;
  }
  // The compiler cannot follow the union through Object.entries; `data` was checked against `type`
  // by the caller.
  return Object.freeze<object>(event) as CredentialEvent;
}

function safeValue(name: string, value: unknown): string | number | boolean | undefined {
  if (typeof value === "string")
    return name === "fingerprint" ? printable(value.slice(0, 8)) : printable(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  return typeof value === "boolean" ? value : undefined;
}

function deliver(subscription: Subscription, event: CredentialEvent): void {
  const warn = (error: unknown): void => {
    if (subscription.warned) return;
    subscription.warned = true;
    const text = printable(
      error instanceof Error ? `${error.name}: ${error.message}` : "not an Error",
    );
    process.emitWarning(
      `A listener of credential events failed on "${event.type}" (${text}). Let it handle its own errors.`,
      {
        code: "LINGPAI_LISTENER",
      },
    );
  };
  try {
    // `void` in a listener's type also admits async functions: their rejections must not end the
    // process.
    const outcome: unknown = subscription.listener(event);
    if (outcome instanceof Promise) outcome.catch(warn);
  } catch (error) {
    warn(error);
  }
}
