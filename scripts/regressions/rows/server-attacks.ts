import type { Regression } from "../regression.ts";

const server = "packages/server/src/";
const client = "packages/client/src/";
const heldOpen = `${server}held-open.test.ts`;
const hostile = `${client}hostile.test.ts`;

/** What was found by attacking the token server, its client and its event log. */
export const serverAttacks: readonly Regression[] = [
  {
    right: "One key cannot take all long polls and all streams of a replica.",
    edits: [
      {
        file: `${server}keys/places.ts`,
        from: 'if (ofKey >= mostPerKey) return "key";',
        to: "void mostPerKey;",
      },
    ],
    test: heldOpen,
    title: "one key cannot take all",
  },
  {
    right: "HEAD opens no stream.",
    edits: [
      {
        file: `${server}routes/events.ts`,
        from: 'if (request.method === "HEAD") return new Response(null, { headers: streamHeaders });',
        to: "",
      },
    ],
    test: heldOpen,
    title: "HEAD reports that the stream",
  },
  {
    right: "A stream resumes by Last-Event-ID without a loss, however much was stored meanwhile.",
    edits: [
      {
        file: `${server}events/event-stream.ts`,
        from: "controller === undefined || hasRoom()",
        to: "wanting",
      },
    ],
    test: heldOpen,
    title: "a stream that continues after hundreds",
  },
  {
    right: "A token that SDKs may still hold gives tickets, as WeChat has it.",
    edits: [
      {
        file: `${server}credentials/account-tokens.ts`,
        from: "last.untilMs = nowMs + this.#holdMs;",
        to: "last.untilMs = nowMs;",
      },
    ],
    test: `${server}facade/facade.test.ts`,
    title: "a replaced token gives tickets",
  },
  {
    right: "Tickets have a rate.",
    edits: [
      {
        file: `${server}facade/facade.ts`,
        from: "const ticketsPerSecond = 200;",
        to: "const ticketsPerSecond = 200_000;",
      },
    ],
    test: `${server}facade/facade.test.ts`,
    title: "tickets have a rate",
  },
  {
    right: "Nobody with a key can push the rest out of the audit.",
    edits: [
      {
        file: `${server}events/audit.ts`,
        from: 'act === "rejected" ? "" : detail',
        to: "detail",
      },
    ],
    test: `${server}events/audit.test.ts`,
  },
  {
    right: "A revoked key stays revoked, also after a failover.",
    edits: [
      {
        file: `${server}keys/server-keys.ts`,
        from: "const { lost, records } = remembering(this.#records, keys);",
        to: "const { lost, records } = remembering(undefined, keys);",
      },
    ],
    test: `${server}keys/server-keys.test.ts`,
    title: "a store that lost its keys",
  },
  {
    right: "A key cannot fill the store with sessions.",
    edits: [
      {
        file: `${server}routes/session.ts`,
        from: "countSignIn(key, context); const",
        to: "void countSignIn; const",
      },
    ],
    test: `${server}sessions/sessions.test.ts`,
    title: "a key cannot fill the store",
  },
  {
    right: "A receiver that hangs holds up no other one.",
    edits: [
      {
        file: `${server}webhooks/webhooks.ts`,
        from: "const pauseMs = await this.#turn(target, ends);",
        to: "const pauseMs = Math.min(...(await Promise.all(this.#targets.map((each) => this.#turn(each, ends)))));",
      },
    ],
    test: `${server}webhooks/webhooks.test.ts`,
    title: "a receiver that never answers",
  },
  {
    right: "What a proxy answers is no refusal of the server.",
    edits: [
      {
        file: `${client}server-call.ts`,
        from: "code !== undefined && finalStatuses",
        to: "finalStatuses",
      },
    ],
    test: hostile,
    title: "an answer of a proxy",
  },
  {
    right: "A caller waits no longer than waitMs, however many servers hang.",
    edits: [
      {
        file: `${client}servers.ts`,
        from: "timeoutMs: Math.min(timeoutMs, partMs)",
        to: "timeoutMs",
      },
    ],
    test: hostile,
    title: "a caller waits no longer",
  },
  {
    right: "An answer is read no further than a credential can be long.",
    edits: [
      {
        file: `${client}read-text.ts`,
        from: "if (bytes <= bytesMax) continue;",
        to: "if (bytes < 10_000_000) continue;",
      },
    ],
    test: hostile,
    title: "an answer that never ends",
  },
  {
    right: "Behind a proxy that ends silent requests the client polls for less.",
    edits: [
      {
        file: `${client}poll-pace.ts`,
        from: "if (this.#cuts < 2) return;",
        to: "if (this.#cuts < 2_000) return;",
      },
    ],
    test: hostile,
    title: "behind a proxy",
  },
  {
    right: "A swallowed subscription delays no event of the log.",
    edits: [
      {
        file: "packages/event-log/src/follower.ts",
        from: "() => undefined, ); void run();",
        to: "() => undefined, ).then(run);",
      },
    ],
    test: "packages/event-log/src/follower.test.ts",
  },
  {
    right: "A configuration that cannot be served changes nothing.",
    edits: [
      {
        file: "apps/server/src/serving/serving.ts",
        from: "this.#addClients(config, next); made",
        to: "this.#addClients(config, next); this.#clients = next; made",
      },
    ],
    test: "apps/server/src/serving/serving.test.ts",
  },
  {
    right: "A process that cannot start ends.",
    edits: [
      {
        file: "apps/server/src/store/open-store.ts",
        from: "client.disconnect(); throw error;",
        to: "throw error;",
      },
    ],
    test: "apps/server/src/store/open-store.test.ts",
  },
];
