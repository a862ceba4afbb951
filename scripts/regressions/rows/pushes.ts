import type { Edit, Regression } from "../regression.ts";

const push = "packages/wechat/src/push";
const platform = "packages/wechat/src/open-platform";
const workTest = `${push}/push-work.test.ts`;
const accountTest = `${push}/account-messages.test.ts`;

/** The message is handled before the platform gets its answer, however long that takes. */
const answerLast: readonly Edit[] = [
  {
    file: `${push}/push-work.ts`,
    from: "deadline: { clock, ms: answerMs, onLate, timer: {} },",
    to: "deadline: { clock, ms: 1e9 * answerMs, onLate, timer: {} },",
  },
];
/** Messages are for the component or the suite alone. */
const oneReceiver: readonly Edit[] = [
  {
    file: `${push}/push-handler.ts`,
    from: "const { messageToken, encodingAesKey, receivers = [receiver] } = options;",
    to: "const { messageToken, encodingAesKey } = options; const receivers = [receiver];",
  },
];

/** What is pushed: tickets, authorisations, and an account's own messages. */
export const pushes: readonly Regression[] = [
  {
    right: "A message that comes again while the first is at work is taken and not handled.",
    edits: [
      {
        file: `${push}/push-inbox.ts`,
        from: "if (!reserved.written) return this.#found(name);",
        to: `if (!reserved.written) {
          const found = await this.#found<T>(name);
          if (found.kind === "done") return found;
        }`,
      },
    ],
    test: workTest,
    title: "during its handling is acknowledged and not handled",
  },
  {
    right: "A message is known by its decrypted text, so one that is sealed anew is the same.",
    edits: [
      {
        file: `${push}/push-envelope.ts`,
        from: 'return decrypt(key, sealed) ?? { refused: "form" };',
        to: `const opened = decrypt(key, sealed);
          return opened === undefined ? { refused: "form" } : { ...opened, signature: signed.signature };`,
      },
      {
        file: `${push}/push-handler.ts`,
        from: "const message = readMessage(opened.text, opened.receiver);",
        to: "const message = { ...readMessage(opened.text, opened.receiver), signature: opened.signature };",
      },
      {
        file: `${push}/push-work.ts`,
        from: "const name = messageName(message.text, message.receiver);",
        to: "const name = messageName(message.signature);",
      },
    ],
    test: workTest,
    title: "is handed to the application once, on whichever node it arrives",
  },
  {
    right: "A handler that throws frees its message at once.",
    edits: [
      {
        file: `${push}/push-inbox.ts`,
        from: "await this.#marks.delete(name, { ifVersion: version }).catch(() => undefined);",
        to: "void version;",
      },
    ],
    test: workTest,
    title: "whose handler throws is free at once",
  },
  {
    right: "A handler that dies frees its message.",
    edits: [
      {
        file: `${push}/push-inbox.ts`,
        from: "const reservedMs = 30_000;",
        to: "const reservedMs = 86_400_000;",
      },
    ],
    test: workTest,
    title: "whose process dies before the response is free after half a minute",
  },
  {
    right: "A message that was handled is remembered for 24 h.",
    edits: [
      {
        file: `${push}/push-inbox.ts`,
        from: "const doneMs = 86_400_000;",
        to: "const doneMs = 660_000;",
      },
    ],
    test: workTest,
    title: "during its handling is acknowledged and not handled",
  },
  {
    right: "A message is answered in time, and worked on afterwards.",
    edits: answerLast,
    test: workTest,
    title: "that takes long is answered in time, handled afterwards",
  },
  {
    right: "WeCom is answered within its second.",
    edits: answerLast,
    test: "packages/wechat/src/wecom/wecom-suite.test.ts",
    title: "answers within WeCom's second",
  },
  {
    right: "The official sample of a suite_ticket, with a space before CDATA, is read.",
    edits: [
      {
        file: `${push}/push-document.ts`,
        from: "isCdata ? text : text.trim()",
        to: "isCdata ? text : text",
      },
    ],
    test: `${push}/push-document.test.ts`,
    title: "with a space before CDATA",
  },
  {
    right: "A ticket that cannot be kept is not answered `success` and dropped.",
    edits: [
      {
        file: `${push}/push-handler.ts`,
        from: 'else if (!(await keepTicket(dependencies, message))) return refused("content", onRefused);',
        to: "else await keepTicket(dependencies, message);",
      },
    ],
    test: `${push}/push-handler.test.ts`,
    title: "and not acknowledged",
  },
  {
    right: "A well-formed document is read at its top level, with others nested in it.",
    edits: [
      {
        file: `${push}/push-document.ts`,
        from: "if (open.length > depthMax)",
        to: "if (open.length > 2)",
      },
    ],
    test: `${platform}/open-platform.test.ts`,
    title: "from a quick registration is redeemed automatically",
  },
  {
    right: "JSON bodies are read.",
    edits: [
      {
        file: `${push}/push-document.ts`,
        from: 'return text.trimStart().startsWith("{") ? readJson(text) : readXml(text);',
        to: "return readXml(text);",
      },
    ],
    test: workTest,
    title: "in JSON is opened from a JSON body",
  },
  {
    right: "A push that cannot be read is answered with 4xx.",
    edits: [
      {
        file: `${push}/push-handler.ts`,
        from: 'if (message === undefined) return refused("content", onRefused);',
        to: "if (message === undefined) return success;",
      },
    ],
    test: workTest,
    title: "that is authentic but unreadable is refused",
  },
  {
    right: "A verified push of an unknown kind is answered `success` and reported.",
    edits: [
      {
        file: `${push}/push-handler.ts`,
        from: "if (!isKnown || options.onMessage === undefined) options.onUnknown?.(message);",
        to: "void isKnown;",
      },
    ],
    test: workTest,
    title: "is acknowledged, handed on and reported",
  },
  {
    right: "Receivers are an option.",
    edits: oneReceiver,
    test: workTest,
    title: "is opened for the receivers that the options name",
  },
  {
    right: "The receivers of a suite may be the provider's corp id and the corp's own.",
    edits: oneReceiver,
    test: "packages/wechat/src/wecom/wecom-suite.test.ts",
    title: "opens messages that are encrypted for the named receivers",
  },
  {
    right: "The receiver may be empty, as for individual developers.",
    edits: [
      {
        file: `${push}/account-messages.ts`,
        from: "const { receivers = [receiver] } = options;",
        to: "const receivers = [receiver];",
      },
    ],
    test: accountTest,
    title: "of an individual developer has an empty receiver",
  },
  {
    right: "An account's own message is answered, in each mode and form.",
    edits: [
      {
        file: `${push}/account-messages.ts`,
        from: "return reply === undefined ? success : replyTo(dependencies, message, reply);",
        to: "return reply === undefined ? success : success;",
      },
    ],
    test: accountTest,
    title: "is opened and answered in",
  },
  {
    right: "An account's own messages are opened in plain mode.",
    edits: [
      {
        file: `${push}/account-messages.ts`,
        from: 'mode === "plain" ? undefined : pushEnvelope({',
        to: 'mode === "none" ? undefined : pushEnvelope({',
      },
      {
        file: `${push}/account-messages.ts`,
        from: 'encodingAesKey: encodingAesKey ?? "",',
        to: 'encodingAesKey: encodingAesKey ?? "a".repeat(43),',
      },
    ],
    test: accountTest,
    title: "a message in plain mode is opened",
  },
  {
    right: "The check of the URL is answered, in clear too.",
    edits: [
      {
        file: `${push}/account-messages.ts`,
        from: 'if (envelope !== undefined && parameter(query, "msg_signature") !== undefined) {',
        to: "if (envelope !== undefined) {",
      },
    ],
    test: accountTest,
    title: "a check of the URL is answered with its text",
  },
  {
    right: "A pushed authorisation is redeemed by itself.",
    edits: [
      {
        file: `${push}/push-handler.ts`,
        from: "await form.before?.(message);",
        to: "",
      },
    ],
    test: `${platform}/open-platform.test.ts`,
    title: "is redeemed automatically when it is pushed",
  },
  {
    right: "A code that comes twice ends with the tenant ready.",
    edits: [
      {
        file: `${platform}/authorizations.ts`,
        from: `await redeemedOnce(code, {
          inbox,
          clock,
          signal: call.signal,
          redeem: () => redeem(code, call),
        }),`,
        to: "await redeem(code, call),",
      },
    ],
    test: `${platform}/open-platform.test.ts`,
    title: "costs one request when the push and the browser bring its code at once",
  },
  {
    right: "A lost refresh token comes back through api_get_authorizer_info, by one call.",
    edits: [
      {
        file: `${platform}/authorizer-info.ts`,
        from: "const json = { authorizer_appid: request.appId };",
        to: `if (bytesMax > 0) return refreshTokenInList(platform, request);
          const json = { authorizer_appid: request.appId };`,
      },
    ],
    test: `${platform}/open-platform.test.ts`,
    title: "is recovered by one request about the account",
  },
];
