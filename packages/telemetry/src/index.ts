/**
 * OpenTelemetry metrics and spans, and log lines, for the whole life of Lingpai's credentials.
 *
 * @packageDocumentation
 */
export { observe, type Observation, type ObserveOptions } from "./observe.ts";
export { consoleLogger, logEvents, type StructuredLogger } from "./logging.ts";
export { maskTokens, type TokenMask } from "./mask-tokens.ts";
export { instruments, type Instrument, type InstrumentKind } from "./instruments.ts";
