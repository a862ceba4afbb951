import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { trace } from "@opentelemetry/api";
import { eventChannelName, eventSeverity, requireShape, type CredentialEvent } from "@lingpai/core";

/**
 * The members of a pino logger or its child. Any logger that takes the fields first and the text
 * second has them.
 */
export interface StructuredLogger {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/**
 * Writes a line for each event of all credentials of this process: the event's fields, its name
 * `lingpai.credential.<type>`, and the trace and span in which it happened. Returns a function that
 * stops it.
 *
 * @param logger a pino logger, or `consoleLogger()`.
 * @throws {ConfigurationError} The logger lacks a method.
 */
export function logEvents(logger: StructuredLogger): () => void {
  requireShape("logger", logger, ["info", "warn", "error"], "Give a pino logger.");
  const onEvent = (message: unknown): void => {
    const event = message as CredentialEvent;
    const { type, ...fields } = event;
    const span = trace.getActiveSpan()?.spanContext();
    logger[eventSeverity[type]](
      {
        event: `lingpai.credential.${type}`,
        ...fields,
        ...(span && { trace_id: span.traceId, span_id: span.spanId }),
      },
      textOf(event),
    );
  };
  subscribe(eventChannelName, onEvent);
  return () => {
    unsubscribe(eventChannelName, onEvent);
  };
}

/** Writes one line of JSON for each event, to stderr if it is a warning or an error. */
export function consoleLogger(to: Pick<Console, "log" | "error"> = console): StructuredLogger {
  requireShape("console", to, ["log", "error"], "Give a console.");
  const line =
    (level: string, write: (text: string) => void) =>
    (fields: object, text: string): void => {
      write(JSON.stringify({ level, text, ...fields }));
    };
  return {
    info: line("info", (text) => to.log(text)),
    warn: line("warn", (text) => to.error(text)),
    error: line("error", (text) => to.error(text)),
  };
}

function textOf({ type, credential }: CredentialEvent): string {
  return `${credential}: ${type.replaceAll("-", " ")}`;
}
