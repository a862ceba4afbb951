import type { Regression } from "../regression.ts";

const wechat = "packages/wechat/src";
const callsTest = `${wechat}/calls/api-faults.test.ts`;
const send = `${wechat}/calls/send.ts`;
const destination = `${wechat}/calls/destination.ts`;

const ownHostOnly = [
  {
    file: destination,
    from: 'if ((!isOwn && !isPlatformHost(url)) || url.username !== "" || url.password !== "")',
    to: "if (!isBase(url))",
  },
];
const strictJson = [
  {
    file: `${wechat}/transport/lenient-json.ts`,
    from: "return JSON.parse(escaped(text));",
    to: "return JSON.parse(text);",
  },
];

/** Business calls: where they go, with which token, for how long, and how often. */
export const calls: readonly Regression[] = [
  {
    right:
      "Paths under /cgi-bin/component/ that take an account's token carry it, by a list and no prefix.",
    edits: [
      {
        file: `${wechat}/calls/token-parameter.ts`,
        from: "const row = exceptionalPaths.get(path);",
        to: `const row = path.startsWith("/cgi-bin/component/") ? undefined : exceptionalPaths.get(path);`,
      },
    ],
    test: `${wechat}/calls/documented-paths.test.ts`,
  },
  {
    right: "An answer with raw control characters in its strings is read.",
    edits: strictJson,
    test: `${wechat}/transport/lenient-json.test.ts`,
    title: "returns the answer",
  },
  {
    right: "An error whose answer has raw control characters heals as any other.",
    edits: strictJson,
    test: `${wechat}/transport/lenient-json.test.ts`,
    title: "is sent again if the answer refuses the token",
  },
  {
    right: "A call without an answer ends after 30 s.",
    edits: [
      {
        file: `${wechat}/calls/call-deadline.ts`,
        from: `const lift = clock.setTimer(timeoutMs, () =>
          controller.abort(new CallTimeoutError(call, timeoutMs)),
        );`,
        to: "const lift = () => {};",
      },
    ],
    test: callsTest,
    title: "ends after 30 s",
  },
  {
    right: "The time limit of a call is an option, and longer for uploads.",
    edits: [
      {
        file: send,
        from: "call.timeoutMs ?? (call.isUpload ? options.uploadTimeoutMs : options.timeoutMs);",
        to: "30_000;",
      },
    ],
    test: callsTest,
    title: "has 300 s for an upload",
  },
  {
    right: "Fallback hosts are an option.",
    edits: [
      {
        file: `${wechat}/transport/platform.ts`,
        from: "fetch: baseUrls.length === 1 ? send : withFallback(send, baseUrls, clock),",
        to: "fetch: send,",
      },
    ],
    test: callsTest,
    title: "are tried in turn",
  },
  {
    right: "A call to another host of the platform carries the token.",
    edits: ownHostOnly,
    test: callsTest,
    title: "receive the token as the main host does",
  },
  {
    right: "A call to a host of the platform never leaves silently without a token.",
    edits: ownHostOnly,
    test: callsTest,
    title: "would have called",
  },
  {
    right: "A proxy that refuses CONNECT means that nothing was sent.",
    edits: [
      {
        file: `${wechat}/transport/transport-failure.ts`,
        from: "if (proxyStatus(leaf) !== undefined) return true;",
        to: "",
      },
    ],
    test: `${wechat}/transport/transport-failure.test.ts`,
    title: "behind a proxy that answers CONNECT",
  },
  {
    right: "A proxy that refuses CONNECT leaves no doubt and costs no quota.",
    edits: [
      {
        file: `${wechat}/transport/transport-failure.ts`,
        from: "if (proxyStatus(leaf) !== undefined) return true;",
        to: "",
      },
    ],
    test: `${wechat}/account/wechat.test.ts`,
    title: "leaves no doubt, and costs nothing",
  },
  {
    right: "A POST that is answered with -1 is sent again only if the caller allows it.",
    edits: [
      {
        file: send,
        from: 'if (refused?.row.action === "retry" && call.idempotent && busy < busyRetriesMax) {',
        to: 'if (refused?.row.action === "retry" && busy < busyRetriesMax) {',
      },
    ],
    test: callsTest,
    title: "is sent a POST once",
  },
  {
    right: "An access_token in the caller's URL that is empty or a template is refused.",
    edits: [
      {
        file: destination,
        from: "for (const parameter of brought) refuseTemplate(url, parameter);",
        to: "",
      },
    ],
    test: callsTest,
    title: "is refused with a sentence, and nothing is sent",
  },
  {
    right: "Server calls are encrypted and signed where an option says so.",
    edits: [
      {
        file: `${wechat}/transport/signed-fetch.ts`,
        from: "if (!signed.has(url.pathname)) return fetch(input, init);",
        to: "return fetch(input, init);",
      },
    ],
    test: `${wechat}/transport/signed-fetch.test.ts`,
    title: "carries its token in the URL, everything else encrypted",
  },
  {
    right: "A client without a token calls the plain origin of cloud hosting.",
    edits: [
      {
        file: `${wechat}/transport/platform.ts`,
        from: "if (value === cloudBaseUrl && isTokenless) return plain(url);",
        to: "",
      },
    ],
    test: callsTest,
    title: "calls the platform's plain origin, adds nothing",
  },
  {
    right: "A login exchanges its code with the secret and spends no access token.",
    edits: [
      {
        file: `${wechat}/account/wechat.ts`,
        from: "userSession({ appId: options.appId, platform, secrets }, code, call),",
        to: 'api.request("/sns/jscode2session", { query: { js_code: code }, ...call }),',
      },
    ],
    test: `${wechat}/account/login.test.ts`,
  },
  {
    right: "The page on which an account authorises a platform has a builder.",
    edits: [
      {
        file: `${wechat}/open-platform/authorizations.ts`,
        from: "return { url: authorizationPageUrl(componentAppId, code, page), expiresInMs };",
        to: "return { url: code, expiresInMs };",
      },
    ],
    test: `${wechat}/open-platform/authorization-page.test.ts`,
  },
  {
    right: "A ticket of an unknown type fails at construction.",
    edits: [
      {
        file: `${wechat}/tickets/ticket.ts`,
        from: "if (known.includes(type)) return;",
        to: "return;",
      },
    ],
    test: `${wechat}/tickets/ticket.test.ts`,
    title: "a ticket of the type",
  },
  {
    right: "A component's quota can be cleared, and that of an account that authorised it.",
    edits: [
      {
        file: `${wechat}/open-platform/component-quota.ts`,
        from: 'const path = "/cgi-bin/component/clear_quota/v2";',
        to: 'const path = "/cgi-bin/clear_quota/v2";',
      },
    ],
    test: `${wechat}/open-platform/component-quota.test.ts`,
  },
];
