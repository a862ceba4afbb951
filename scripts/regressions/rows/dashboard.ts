import type { Regression } from "../regression.ts";

const server = "packages/server/src/";
const page = "packages/dashboard/src/";
const sessions = `${server}sessions/sessions.test.ts`;

/** The dashboard and what it stands on: sessions, what is told of the fleet, the page. */
export const dashboard: readonly Regression[] = [
  {
    right: "A session cookie, CSRF-safe: no script reads it, and no other site sends it.",
    edits: [
      {
        file: `${server}sessions/session-cookie.ts`,
        from: '"Path=/; HttpOnly; SameSite=Strict"',
        to: '"Path=/"',
      },
    ],
    test: sessions,
    title: "a session begins on one replica",
  },
  {
    right: "CSRF-safe: another site can change nothing with the cookie.",
    edits: [
      {
        file: `${server}routes/authorize.ts`,
        from: 'if (request.method !== "GET" && request.method !== "HEAD") requireSameOrigin(request);',
        to: "",
      },
    ],
    test: sessions,
    title: "another site can neither sign in nor use",
  },
  {
    right: "No secret ever in the page.",
    edits: [
      {
        file: `${server}routes/credentials.ts`,
        from: "return session === undefined ? respond(view) : new Response(null, { status: 204, headers: noStore });",
        to: "return session === null ? new Response(null, { status: 204, headers: noStore }) : respond(view);",
      },
    ],
    test: sessions,
    title: "no route returns a secret to a session",
  },
  {
    right: "Any number of replicas shows the same, also one that nobody has asked yet.",
    edits: [
      {
        file: `${server}routes/overview.ts`,
        from: "adoptHeldElsewhere(rows, context); return",
        to: "void adoptHeldElsewhere; return",
      },
    ],
    test: `${server}overview/overview.test.ts`,
    title: "a replica that was never asked",
  },
  {
    right: "The credentials, worst first.",
    edits: [
      {
        file: `${page}page/severity.ts`,
        from: "if (byRank !== 0) return byRank;",
        to: "if (Number.isNaN(byRank)) return byRank;",
      },
    ],
    test: `${page}page/words.test.ts`,
    title: "the worst come first",
  },
  {
    right: "CSP default-src 'self': nothing inline.",
    edits: [
      {
        file: `${page}dashboard-assets.ts`,
        from: "\"default-src 'self'\",",
        to: "\"default-src 'self' 'unsafe-inline'\",",
      },
    ],
    test: `${page}dashboard-assets.test.ts`,
    title: "the page forbids inline",
  },
  {
    right: "Budgets, printed by the build: JS at most 45 kB gz, CSS at most 10 kB gz.",
    edits: [{ file: `${page}build/bundle.ts`, from: "minify: true,", to: "minify: false," }],
    test: `${page}build/bundle.test.ts`,
    title: "the page is within its size budgets",
  },
  {
    right: "Usable with 1 000 credentials: only the rows on the screen are drawn.",
    edits: [
      {
        file: `${page}page/parts/use-virtual.ts`,
        from: "return { from, to: Math.max(from, Math.min(count, last)) };",
        to: "return { from: Math.min(from, 0), to: Math.max(last, count) };",
      },
    ],
    test: `${page}page/parts/use-virtual.test.ts`,
  },
  {
    right: "For the mark chosen the why in prose, with remedy.",
    edits: [
      {
        file: `${page}page/life-line/why.ts`,
        from: "return { title: prose.title, text, remedy: prose.remedy };",
        to: "return { title: prose.title, text, remedy: undefined };",
      },
    ],
    test: `${page}page/life-line/why.test.ts`,
    title: "an event that needs a person has a remedy",
  },
];
