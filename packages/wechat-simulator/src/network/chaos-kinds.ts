/** The kinds of fault that chaos draws, as data. */
import type { Random } from "@lingpai/core";
import type { Fault, FaultSubject } from "./fault.ts";

type Numbers = Pick<Random, "next">;

export interface ChaosKind {
  readonly name: string;
  draw(subject: FaultSubject, random: Numbers): Fault;
}

const lateMaxMs = 10_000;
/** Lifetimes that no credential has. `1e15` also exceeds the milliseconds of a date. */
const oddLifetimes = ["0", "-7200", "null", '"soon"', "1e15"];

/** Replaces the lifetime in an answer with one that no credential has. */
function oddLifetime(text: string, random: Numbers): string {
  const lifetime = oddLifetimes[Math.floor(random.next() * oddLifetimes.length)] ?? "0";
  return text.replace(/"expires_in":\d+/, `"expires_in":${lifetime}`);
}

/** Empties the refresh tokens, because WeChat's list of accounts has such rows. */
function withoutRefreshTokens(text: string): string {
  return text.replace(/"((?:authorizer_)?refresh_token)":"[^"]*"/g, '"$1":""');
}

export const chaosKinds: readonly ChaosKind[] = [
  // On the way to the platform and back.
  { name: "request lost", draw: () => ({ loseRequest: true }) },
  { name: "answer lost", draw: () => ({ loseReply: true }) },
  { name: "no answer", draw: () => ({ loseReply: "silence" }) },
  { name: "proxy asks for a login", draw: () => ({ refuseConnect: 407 }) },
  { name: "proxy finds no way", draw: () => ({ refuseConnect: 502 }) },
  {
    name: "late request",
    draw: (_subject, random) => ({ delayBeforeMs: lateMaxMs * random.next() }),
  },
  {
    name: "late answer",
    draw: (_subject, random) => ({ delayAfterMs: lateMaxMs * random.next() }),
  },
  // In a proxy on the way.
  { name: "gateway error", draw: () => ({ status: 502, body: "html" }) },
  { name: "page", draw: () => ({ body: "html" }) },
  { name: "half an answer", draw: () => ({ body: "truncated" }) },
  { name: "empty answer", draw: () => ({ body: "empty" }) },
  { name: "empty object", draw: () => ({ body: "object" }) },
  // At the platform itself. It has processed half of the requests that it calls busy.
  { name: "control characters", draw: () => ({ body: "control-characters" }) },
  {
    name: "odd lifetime",
    draw: (_subject, random) => ({ body: (text) => oddLifetime(text, random) }),
  },
  {
    name: "no refresh token",
    draw: ({ endpoint }) =>
      /api_get_authorizer_(info|list)$/.test(endpoint) ? { body: withoutRefreshTokens } : {},
  },
  { name: "busy", draw: () => ({ errcode: -1 }) },
  { name: "busy, and processed", draw: () => ({ errcode: -1, processed: true }) },
  { name: "too often", draw: () => ({ errcode: 45011 }) },
  {
    name: "unlisted code",
    draw: ({ endpoint }) => (endpoint.includes("token") ? { errcode: 50000 } : { errcode: 48001 }),
  },
];
