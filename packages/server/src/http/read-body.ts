/** Reads a foreign body up to a limit of size and time. */
import { waitFor } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import type { ZodType } from "zod";
import { ProblemError } from "./problem.ts";

export interface BodyLimits {
  readonly clock: Clock;
  readonly bytesMax: number;
  readonly waitMs: number;
}

/** @throws {ProblemError} 408, 413; 400 if it is not UTF-8. */
export async function readText(request: Request, limits: BodyLimits): Promise<string> {
  const { bytesMax, clock, waitMs } = limits;
  if (Number(request.headers.get("content-length")) > bytesMax) throw tooLarge(bytesMax);
  const reader = request.body?.getReader();
  if (reader === undefined) return "";
  const late = new AbortController();
  const cancel = clock.setTimer(waitMs, () => late.abort(tooSlow(waitMs)));
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await waitFor(reader.read(), { signals: [late.signal] });
      if (done) break;
      bytes += value.byteLength;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      parts.push(value);
    }
  } finally {
    cancel();
    reader.cancel().catch(() => undefined);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts));
  } catch {
    throw badRequest("The body is not UTF-8.");
  }
}

/**
 * @throws {ProblemError} also 415, and 400 with the names of the invalid fields, never their
 *   values.
 */
export async function readJson<T>(
  request: Request,
  schema: ZodType<T>,
  limits: BodyLimits,
): Promise<T> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(?:;|$)/i.test(type))
    throw new ProblemError({
      status: 415,
      code: "unsupported-media-type",
      detail: "The Content-Type is not application/json.",
      remedy: "Send JSON, and say so.",
    });
  const text = await readText(request, limits);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badRequest("The body is not JSON.");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map(({ path }) => path.join(".") || "the body");
  throw badRequest(`These fields are missing or wrong: ${[...new Set(fields)].join(", ")}.`);
}

export function badRequest(detail: string): ProblemError {
  const remedy = "Compare it with /openapi.json.";
  return new ProblemError({ status: 400, code: "bad-request", detail, remedy });
}

function tooLarge(bytesMax: number): ProblemError {
  return new ProblemError({
    status: 413,
    code: "body-too-large",
    detail: `The body is larger than ${bytesMax} bytes.`,
    remedy: "Send only the documented fields.",
    headers: { connection: "close" },
  });
}

function tooSlow(waitMs: number): ProblemError {
  return new ProblemError({
    status: 408,
    code: "body-too-slow",
    detail: `The body did not arrive within ${waitMs} ms.`,
    remedy: "Send it again, at once.",
    headers: { connection: "close" },
  });
}
