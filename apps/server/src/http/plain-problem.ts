/** The problems of requests that never reach the handler. */

const problems = {
  400: ["bad-request", "The request cannot be read", "This is not HTTP that the server reads."],
  408: ["too-slow", "The request did not arrive in time", "The request took too long to arrive."],
  431: ["headers-too-large", "The headers are too large", "The headers have more than 16 kB."],
} as const;

/** The same form as the handler's own problems: RFC 9457. */
export function problemText(status: keyof typeof problems): string {
  const [code, title, detail] = problems[status];
  const remedy = "Send it again as the documentation shows it.";
  return JSON.stringify({
    type: `urn:lingpai:problem:${code}`,
    title,
    status,
    code,
    detail,
    remedy,
  });
}
