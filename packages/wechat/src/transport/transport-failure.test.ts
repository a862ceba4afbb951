import { describe, expect, test } from "vitest";
import { platformNow, retryAfterHeader } from "./response-headers.ts";
import { transportFailure } from "./transport-failure.ts";

const failed = (cause: unknown): TypeError => new TypeError("fetch failed", { cause });
const system = (code: string, more: object = {}): Error =>
  Object.assign(new Error(code), { code, ...more });

describe("a request that failed", () => {
  test.each([
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_AGAIN",
    "UND_ERR_CONNECT_TIMEOUT",
    "CERT_HAS_EXPIRED",
  ])("with %s was never sent", (code) => {
    expect(transportFailure(failed(system(code)))).toEqual({ outcome: "unsent", code });
  });

  test.each([
    "ECONNRESET",
    "EPIPE",
    "UND_ERR_SOCKET",
    "UND_ERR_HEADERS_TIMEOUT",
    "UND_ERR_BODY_TIMEOUT",
  ])("with %s may have been processed", (code) => {
    expect(transportFailure(failed(system(code)))).toEqual({ outcome: "unknown", code });
  });

  test.each([407, 502])("behind a proxy that answers CONNECT with %d was never sent", (status) => {
    const refused = system("UND_ERR_ABORTED", {
      message: `Proxy response (${status}) !== 200 when HTTP Tunneling`,
    });
    expect(
      transportFailure(
        failed(new DOMException("Request was cancelled.", { name: "AbortError", cause: refused })),
      ),
    ).toEqual({
      outcome: "unsent",
      code: `PROXY_${status}`,
    });
    expect(transportFailure(failed(system("UND_ERR_ABORTED"))).outcome).toBe("unknown");
  });

  test("by a time-out was never sent if the time-out was the connection's, and only then", () => {
    expect(transportFailure(failed(system("ETIMEDOUT", { syscall: "connect" }))).outcome).toBe(
      "unsent",
    );
    expect(transportFailure(failed(system("ETIMEDOUT", { syscall: "read" }))).outcome).toBe(
      "unknown",
    );
  });

  test("on several addresses was never sent if it was sent to none", () => {
    const refused = system("ECONNREFUSED");
    expect(
      transportFailure(failed(new AggregateError([refused, system("ENETUNREACH")]))).outcome,
    ).toBe("unsent");
    expect(
      transportFailure(failed(new AggregateError([refused, system("ECONNRESET")]))).outcome,
    ).toBe("unknown");
  });

  test.each([
    undefined,
    null,
    "text",
    7,
    new Error("no code"),
    failed(undefined),
    system("has a space: https://x/?secret=1"),
  ])("without any information (%#) may have been processed, and shows nothing", (error) => {
    expect(transportFailure(error)).toEqual({ outcome: "unknown", code: undefined });
  });

  test("whose cause is itself can still be read", () => {
    const loop: Error & { cause?: unknown } = new Error("loop");
    loop.cause = loop;
    expect(transportFailure(loop).outcome).toBe("unknown");
  });
});

describe("the headers of an answer", () => {
  test("yield the platform's clock, or ours if they have no date", () => {
    expect(platformNow(new Headers({ date: "Thu, 01 Jan 1970 00:00:05 GMT" }), 1)).toBe(5000);
    expect(platformNow(new Headers({ date: "yesterday" }), 1)).toBe(1);
    expect(platformNow(new Headers(), 1)).toBe(1);
  });

  test.each<[string, number | undefined]>([
    ["30", 30_000],
    ["0", 1000],
    ["1000000000", 600_000],
    ["9".repeat(400), 600_000],
    ["Thu, 01 Jan 1970 00:01:00 GMT", 60_000],
    ["Thu, 01 Jan 1960 00:00:00 GMT", 1000],
    ["Thu, 01 Jan 2060 00:00:00 GMT", 600_000],
    ["soon", undefined],
    ["", undefined],
  ])("with Retry-After %j ask for a wait of %j ms", (value, waitMs) => {
    expect(retryAfterHeader(new Headers({ "retry-after": value }), 0)).toBe(waitMs);
  });
});
