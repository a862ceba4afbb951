/**
 * Spans of the calls and refreshes that core publishes. A refresh outlives the call that started it
 * and serves other calls too. It is therefore the root of a trace of its own, and the calls that
 * waited for it are linked to it.
 */
import { tracingChannel, type TracingChannelSubscribers } from "node:diagnostics_channel";
import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Span,
  type Tracer,
} from "@opentelemetry/api";
import {
  getChannelName,
  refreshChannelName,
  type TracedGet,
  type TracedRefresh,
} from "@lingpai/core";
import { keyOf, type Labels } from "./labels.ts";

/** A waiting call, the span around it, and when it began. */
interface OpenCall {
  readonly span: Span;
  readonly caller: Span | undefined;
  readonly startedMs: number;
}

export interface SpanOptions {
  readonly tracer: Tracer;
  readonly labels: Labels;
  readonly nowMs: () => number;
  readonly onGet: (call: TracedGet, durationMs: number) => void;
}

/** Returns a function that ends the observation. */
export function traceCalls(options: SpanOptions): () => void {
  const calls = new Map<string, Map<object, OpenCall>>();
  const refreshes = new Map<string, Span>();
  const ofGets = getSubscribers(options, calls, refreshes);
  const ofRefreshes = refreshSubscribers(options, calls, refreshes);
  const gets = tracingChannel<unknown, TracedGet>(getChannelName);
  const refreshing = tracingChannel<unknown, TracedRefresh>(refreshChannelName);
  gets.subscribe(ofGets);
  refreshing.subscribe(ofRefreshes);
  return () => {
    gets.unsubscribe(ofGets);
    refreshing.unsubscribe(ofRefreshes);
  };
}

function getSubscribers(
  { tracer, labels, nowMs, onGet }: SpanOptions,
  calls: Map<string, Map<object, OpenCall>>,
  refreshes: ReadonlyMap<string, Span>,
): TracingChannelSubscribers<TracedGet> {
  return {
    ...ignored,
    start(call) {
      const caller = trace.getActiveSpan();
      const attributes = labels.of(call);
      const span = tracer.startSpan("lingpai.get", { kind: SpanKind.INTERNAL, attributes });
      const refresh = refreshes.get(keyOf(call));
      if (refresh !== undefined) span.addLink({ context: refresh.spanContext() });
      const others = calls.get(keyOf(call)) ?? new Map<object, OpenCall>();
      calls.set(keyOf(call), others.set(call, { span, caller, startedMs: nowMs() }));
    },
    asyncEnd(call) {
      const others = calls.get(keyOf(call));
      const open = others?.get(call);
      if (others === undefined || open === undefined) return;
      others.delete(call);
      if (others.size === 0) calls.delete(keyOf(call));
      const source = call.source ?? "none";
      open.caller?.setAttribute("lingpai.get.source", source);
      open.span.setAttribute("lingpai.get.source", source);
      finish(open.span, call.error);
      onGet(call, nowMs() - open.startedMs);
    },
  };
}

function refreshSubscribers(
  { tracer, labels }: SpanOptions,
  calls: ReadonlyMap<string, ReadonlyMap<object, OpenCall>>,
  refreshes: Map<string, Span>,
): TracingChannelSubscribers<TracedRefresh> {
  return {
    ...ignored,
    start(refresh) {
      const cause = trace.getActiveSpan()?.spanContext();
      const span = tracer.startSpan(
        "lingpai.refresh",
        {
          kind: SpanKind.INTERNAL,
          attributes: { ...labels.of(refresh), "lingpai.refresh.reason": refresh.reason },
          links: cause === undefined ? [] : [{ context: cause }],
        },
        ROOT_CONTEXT,
      );
      refreshes.set(keyOf(refresh), span);
      for (const { span: waiting } of calls.get(keyOf(refresh))?.values() ?? [])
        waiting.addLink({ context: span.spanContext() });
      const active = trace.setSpan(ROOT_CONTEXT, span);
      refresh.within = (work) => context.with(active, work);
    },
    asyncEnd(refresh) {
      const span = refreshes.get(keyOf(refresh));
      refreshes.delete(keyOf(refresh));
      if (span !== undefined) finish(span, refresh.error);
    },
  };
}

/** The other events of a traced promise add no information. */
const ignored = { end: () => {}, asyncStart: () => {}, error: () => {} };

function finish(span: Span, error: unknown): void {
  if (error !== undefined) {
    span.setAttribute("error.type", errorType(error));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

/** The code of one of our errors, otherwise its class. Never its text. */
export function errorType(error: unknown): string {
  if (typeof error !== "object" || error === null) return "unknown";
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" ? code : (error.constructor?.name ?? "unknown");
}
