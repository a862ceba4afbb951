import type { Regression } from "../regression.ts";

const server = "packages/server/src/";
const client = "packages/client/src/";
const keysTest = `${server}keys/server-keys.test.ts`;
const answersTest = `${server}every-answer.test.ts`;
const routesTest = `${server}every-route.test.ts`;
const clientTest = `${client}remote.test.ts`;

/** The token server and its client: load, faults, every route, and threats S16–S21 and S26. */
export const serverRows: readonly Regression[] = [
  {
    right: "10 000 idle long polls on one replica; a commit reaches all in 1 s.",
    edits: [
      {
        file: `${server}routes/authorize.ts`,
        from: "const stay = context.closing.hold(end);",
        to: `const { signal } = context.closing;
          signal.addEventListener("abort", end, { once: true });
          const stay = (): void => signal.removeEventListener("abort", end);`,
      },
    ],
    test: `${server}routes/closing.test.ts`,
    title: "no signal has a listener for each",
  },
  {
    right: "10 000 callers who come at once are accepted.",
    edits: [
      {
        file: "apps/server/src/http/http-app.ts",
        from: "app.listen({ host, port, backlog })",
        to: "app.listen({ host, port })",
      },
    ],
    test: "apps/server/src/http/http-app.processes.test.ts",
  },
  {
    right: "A client never serves a token past its end, whatever the wall clock says.",
    edits: [
      {
        file: `${client}local-copy.ts`,
        from: "copy !== undefined && this.#clock.monotonicMs() < copy.serveUntilMs",
        to: "copy !== undefined && this.#clock.wallMs() < copy.serveUntilMs",
      },
      {
        file: `${client}server-call.ts`,
        from: "const sentAtMs = clock.monotonicMs();",
        to: "const sentAtMs = clock.wallMs();",
      },
    ],
    test: clientTest,
    title: "the copy is served until exactly its expiry",
  },
  {
    right: "It never polls more than once a second, whatever the margins.",
    edits: [
      {
        file: `${client}remote-credential.ts`,
        from: "const gapMs = pollGapMs - (clock.monotonicMs() - fromMs);",
        to: "const gapMs = pollGapMs / 2 - (clock.monotonicMs() - fromMs);",
      },
    ],
    test: clientTest,
    title: "more than once a second",
  },
  {
    right: "Every route without a key: 401.",
    edits: [
      {
        file: `${server}routes/overview.ts`,
        from: "await adminOf(request, context); const nowMs",
        to: "const nowMs",
      },
    ],
    test: answersTest,
    title: "refuses whoever has no key",
  },
  {
    right: "Every route with an oversized body: 413, also when its length was not declared.",
    edits: [
      {
        file: `${server}http/read-body.ts`,
        from: "if (bytes > bytesMax) throw tooLarge(bytesMax);",
        to: "if (bytes > bytesMax) break;",
      },
    ],
    test: answersTest,
    title: "too large or too slow",
  },
  {
    right: "Every route with a slow body: 408.",
    edits: [
      {
        file: `${server}http/read-body.ts`,
        from: "clock.setTimer(waitMs, () =>",
        to: "clock.setTimer(6 * waitMs, () =>",
      },
    ],
    test: answersTest,
    title: "too large or too slow",
  },
  {
    right: "S16: keys are stored hashed.",
    edits: [
      {
        file: `${server}keys/key-text.ts`,
        from: 'return digest("sha256", `lingpai/server-key\\0${text}`, "base64url");',
        to: "void digest; return text.slice(14).padEnd(43).slice(0, 43);",
      },
    ],
    test: keysTest,
    title: "its text is stored nowhere",
  },
  {
    right: "S16: the whole key is compared, not its beginning.",
    edits: [
      {
        file: `${server}keys/key-text.ts`,
        from: "`lingpai/server-key\\0${text}`",
        to: "`lingpai/server-key\\0${text.slice(0, -1)}`",
      },
    ],
    test: keysTest,
    title: "differs in one place",
  },
  {
    right: "S16: several active keys, for rotation.",
    edits: [
      {
        file: `${server}keys/server-keys.ts`,
        from: "return [...keys, parsed.data];",
        to: "return [...keys.filter(({ name }) => name !== given.name), parsed.data];",
      },
    ],
    test: keysTest,
    title: "are all stored",
  },
  {
    right: "S17: a key has a list of references; what is not on it is denied.",
    edits: [
      {
        file: `${server}keys/key-rights.ts`,
        from: 'return ref === undefined || key.refs.includes("*") || key.refs.includes(ref);',
        to: "return ref === undefined || key.refs.length > 0;",
      },
    ],
    test: routesTest,
    title: "a foreign reference is refused",
  },
  {
    right: "S17: an audit event for each token that was handed out.",
    edits: [
      {
        file: `${server}routes/credentials.ts`,
        from: 'if (!isSame) note(context, "handed-out", key, view);',
        to: "",
      },
    ],
    test: `${server}events/events.test.ts`,
    title: "the life line and the audit are the same",
  },
  {
    right: "S17: a rate limit for each key.",
    edits: [
      {
        file: `${server}keys/rate-limit.ts`,
        from: "if (bucket.tokens < 1) return",
        to: "if (bucket.tokens < -1e9) return",
      },
    ],
    test: routesTest,
    title: "a key above its rate",
  },
  {
    right: "S18: nothing is sent to link-local addresses, where clouds have their secrets.",
    edits: [
      {
        file: `${server}webhooks/public-address.ts`,
        from: '["169.254.0.0", 16],',
        to: "",
      },
    ],
    test: `${server}webhooks/destination.test.ts`,
  },
  {
    right: "S18: the address that was checked is the one that is asked.",
    edits: [{ file: `${server}webhooks/send.ts`, from: "lookup: pinned,", to: "" }],
    test: `${server}webhooks/send.processes.test.ts`,
    title: "a name that resolves to a private address",
  },
  {
    right: "S19: `Cache-Control: no-store` on every answer that depends on who asks.",
    edits: [
      {
        file: `${server}http/no-store.ts`,
        from: '"cache-control": "no-store",',
        to: '"cache-control": "no-cache",',
      },
    ],
    test: answersTest,
    title: "no cache may keep",
  },
  {
    right: "S19: `Vary: Authorization`.",
    edits: [{ file: `${server}http/no-store.ts`, from: 'vary: "authorization, cookie",', to: "" }],
    test: answersTest,
    title: "no cache may keep",
  },
  {
    right: "S20: a store on another machine without TLS is refused at the start.",
    edits: [
      {
        file: "apps/server/src/start/risks.ts",
        from: '"plain-store": !isPrivate(store),',
        to: '"plain-store": !isPrivate(store) && false,',
      },
    ],
    test: "apps/server/src/start/risks.test.ts",
  },
  {
    right: "S21: a message is a hint only, and a flood of them costs a reading in 200 ms.",
    edits: [
      {
        file: "packages/core/src/fleet/change-feed.ts",
        from: "const gapMs = 200;",
        to: "const gapMs = 10;",
      },
    ],
    test: "packages/core/src/fleet/change-feed.test.ts",
    title: "and then every 200 ms",
  },
  {
    right: "S26: a refresh needs its own right.",
    edits: [
      {
        file: `${server}routes/credentials.ts`,
        from: 'credentialFor(key, ["refresh", "read"], ref, context)',
        to: 'credentialFor(key, ["read"], ref, context)',
      },
    ],
    test: `${server}token-server.test.ts`,
    title: "require a right of their own for each of refresh, revoke and seed",
  },
  {
    right: "S26: so does `force_refresh` of the WeChat-shaped routes.",
    edits: [
      {
        file: `${server}facade/facade.ts`,
        from: 'allow(key, "refresh", account, context);',
        to: 'allow(key, "read", account, context);',
      },
    ],
    test: `${server}facade/facade.test.ts`,
    title: "force_refresh needs the right",
  },
  {
    right: "An SDK behind the façade holds a dead token for at most the configured time.",
    edits: [
      {
        file: `${server}facade/facade.ts`,
        from: "const ageMs = await context.checks.ageOf(account);",
        to: "const ageMs = 0;",
      },
    ],
    test: `${server}facade/facade.test.ts`,
    title: "although no SDK reports it",
  },
  {
    right: "A server that stands still holds up no report of a dead token: another is asked.",
    edits: [
      {
        file: `${client}remote-credential.ts`,
        from: 'act === "rejections" ? "hedged" : "any"',
        to: 'act === "rejections" ? "any" : "any"',
      },
    ],
    test: clientTest,
    title: "is asked first stands still",
  },
];
