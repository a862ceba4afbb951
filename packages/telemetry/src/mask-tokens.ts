/** The interface of a span processor in every version of OpenTelemetry's SDK. */
export interface TokenMask {
  onStart(): void;
  /** Called with a span that has ended. Its attributes are changed in place. */
  onEnd(span: { readonly attributes: object }): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Parameters in URLs of WeChat, WeCom and the token server whose values are secrets. */
const secretParameters = [
  "access_token",
  "authorizer_access_token",
  "code",
  "component_access_token",
  "corpsecret",
  "js_code",
  "provider_access_token",
  "refresh_token",
  "secret",
  "suite_access_token",
];

const inUrl = new RegExp(`(^|[?&])(${secretParameters.join("|")})=[^&#\\s"']+`, "gu");

/**
 * A span processor that masks tokens and secrets in URLs. The platform takes its token in the URL
 * of every call, and OpenTelemetry's instrumentations of HTTP clients and servers record URLs as
 * they are (instrumentation-undici 0.34 and instrumentation-http 0.301, run 2026-11-29), so traces
 * would hold live tokens. Put it before the processor that exports:
 * `spanProcessors: [maskTokens(), new BatchSpanProcessor(…)]`.
 *
 * It masks `access_token`, `secret`, `code` and their like in every text attribute. It cannot reach
 * what a sampler sees when a span starts, nor programs that listen to Node's own channels
 * (`undici:request:create`, `http.client.request.start`): their messages hold the request itself.
 */
export function maskTokens(): TokenMask {
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    onStart() {},
    onEnd({ attributes }) {
      for (const [name, value] of Object.entries(attributes)) {
        const masked = mask(value);
        if (masked !== value) Reflect.set(attributes, name, masked);
      }
    },
    forceFlush: nothing,
    shutdown: nothing,
  };
}

function mask(value: unknown): unknown {
  if (typeof value === "string") return value.replace(inUrl, "$1$2=REDACTED");
  return Array.isArray(value) ? value.map(mask) : value;
}
