/**
 * The messages and events that users of one account cause: official account, mini program, or WeCom
 * app. Opened in plain, compatible and safe mode, as XML and as JSON, and answered in the form in
 * which they came.
 */
import { ConfigurationError, systemClock, systemRandom } from "@lingpai/core";
import type { Cache, Clock, Random, Store } from "@lingpai/core";
import { pushNames, requirePartOptions } from "../options/option-names.ts";
import type { PushContent } from "./push-document.ts";
import { writeXml } from "./push-document.ts";
import {
  bodyText,
  parameter,
  pushEnvelope,
  refusalOfPlain,
  requireMessageToken,
} from "./push-envelope.ts";
import type { Envelope, Opened, PushRefusal, PushRequest, Receivers } from "./push-envelope.ts";
import {
  readMessage,
  receivingTimes,
  refused,
  respond,
  success,
  tryAgain,
} from "./push-handler.ts";
import type { PushHandler, PushMessage, PushReply, ReceivingOptions } from "./push-handler.ts";
import { PushInbox } from "./push-inbox.ts";
import { PushWork } from "./push-work.ts";

/** A message or an event of a user's. */
export interface AccountMessage extends PushMessage {
  /** `MsgType`: `text`, `image`, `event` and so on. */
  readonly type: string;
  /** `Event`, of an event; else empty. */
  readonly event: string;
}

/**
 * What the user is answered: `{ MsgType: "text", Content: "…" }`. `ToUserName`, `FromUserName` and
 * `CreateTime` are added.
 */
export type AccountReply = Readonly<Record<string, PushContent>>;

export interface AccountMessagesOptions extends ReceivingOptions {
  /**
   * The account's AppID, in WeCom the corp id: messages are sealed for it, and it names them in the
   * store.
   */
  readonly receiver: string;
  /** As set in the console. */
  readonly messageToken: string;
  /** EncodingAESKey: 43 characters of base64. Needed but in plain mode. */
  readonly encodingAesKey?: string;
  /**
   * As set in the console. `safe` takes sealed messages alone; `compatible` takes those that come
   * in clear and sealed, by what is sealed; `plain` takes those whose query alone is signed, so
   * that whoever saw one may have altered its body. @defaultValue "safe"
   */
  readonly mode?: "plain" | "compatible" | "safe";
  /**
   * Whom messages may be sealed for, where it is not the receiver alone: `""` for individual
   * developers.
   */
  readonly receivers?: Receivers;
  /**
   * Where the fleet remembers what it took: `store`, as the other clients have it, or a cache
   * alone.
   */
  readonly store?: Pick<Store, "cache">;
  readonly cache?: Cache;
  readonly environment: string;
  readonly clock?: Clock;
  readonly random?: Random;
  /**
   * Called with every authentic message, as in {@link PushOptions.onMessage}. What it gives is the
   * user's answer, if it comes within `answerMs`; after that use the customer service API.
   */
  readonly onMessage: (
    message: AccountMessage,
  ) => AccountReply | undefined | void | Promise<AccountReply | undefined | void>;
  /**
   * Called when `onMessage` failed after the platform had its answer; the message comes again a
   * minute later.
   */
  readonly onFailed?: (error: unknown, message: AccountMessage) => void;
}

export interface AccountMessages extends PushHandler {
  /** Ends what is planned in the background. The cache stays open. */
  close(): void;
}

interface Dependencies {
  readonly envelope: Envelope | undefined;
  readonly work: PushWork<AccountMessage, AccountReply | undefined>;
  readonly options: AccountMessagesOptions;
  readonly ageMaxMs: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** @throws {ConfigurationError} `message-keys`, `mode`, or `range`. */
export function accountMessages(options: AccountMessagesOptions): AccountMessages {
  requirePartOptions("accountMessages()", options, [
    ...pushNames,
    "cache",
    "encodingAesKey",
    "environment",
    "messageToken",
    "mode",
    "random",
    "receiver",
    "store",
  ]);
  const {
    receiver,
    messageToken,
    encodingAesKey,
    mode = "safe",
    clock = systemClock,
    random = systemRandom,
  } = options;
  if (!["plain", "compatible", "safe"].includes(mode)) {
    throw new ConfigurationError(
      `The mode is ${JSON.stringify(mode)}. Give "plain", "compatible" or "safe", as the console says.`,
      {
        rule: "mode",
      },
    );
  }
  requireMessageToken(messageToken);
  const { ageMaxMs, answerMs } = receivingTimes(options, 4_000);
  const { receivers = [receiver] } = options;
  const envelope =
    mode === "plain"
      ? undefined
      : pushEnvelope({ messageToken, encodingAesKey: encodingAesKey ?? "", receivers, ageMaxMs });
  const cache = cacheOf(options).withPrefix(options.environment).withPrefix(`messages:${receiver}`);
  const work = new PushWork<AccountMessage, AccountReply | undefined>({
    inbox: new PushInbox({ cache, clock, random }),
    clock,
    answerMs,
    reread: readAccountMessage,
    onFailed: options.onFailed,
    work: async (message) => (await options.onMessage(message)) ?? undefined,
  });
  const dependencies: Dependencies = { envelope, work, options, ageMaxMs, clock, random };
  const handlePush = (request: PushRequest): Promise<PushReply> => handle(dependencies, request);
  return {
    handlePush,
    respondToPush: (request) =>
      respond(request, handlePush, (query) => answerEcho(dependencies, query)),
    close: () => work.close(),
  };
}

async function handle(dependencies: Dependencies, request: PushRequest): Promise<PushReply> {
  const { work, options } = dependencies;
  const opened = open(dependencies, request);
  if ("refused" in opened) return refused(opened.refused, options.onRefused);
  const message = readAccountMessage(opened.text, opened.receiver);
  if (message === undefined) return refused("content", options.onRefused);
  try {
    const reply = await work.take(message);
    return reply === undefined ? success : replyTo(dependencies, message, reply);
  } catch {
    return tryAgain;
  }
}

/** In compatible mode the sealed one counts: what is in clear is not signed. */
function open({ envelope, options, ageMaxMs, clock }: Dependencies, request: PushRequest): Opened {
  const nowMs = clock.wallMs();
  if (envelope !== undefined) return envelope.open(request, nowMs);
  const refusal = refusalOfPlain(request.query, {
    messageToken: options.messageToken,
    ageMaxMs,
    nowMs,
  });
  return refusal === undefined
    ? { text: bodyText(request.body), receiver: options.receiver }
    : { refused: refusal };
}

/** The account's check has its text in clear and signs the query; WeCom's is sealed. */
function answerEcho(
  { envelope, options, ageMaxMs, clock }: Dependencies,
  query: URLSearchParams,
): PushReply {
  const nowMs = clock.wallMs();
  if (envelope !== undefined && parameter(query, "msg_signature") !== undefined) {
    const echo = envelope.openEcho(query, nowMs);
    return "refused" in echo
      ? refused(echo.refused, options.onRefused)
      : { status: 200, body: echo.text };
  }
  const refusal: PushRefusal | undefined = refusalOfPlain(query, {
    messageToken: options.messageToken,
    ageMaxMs,
    nowMs,
  });
  return refusal === undefined
    ? { status: 200, body: parameter(query, "echostr") ?? "" }
    : refused(refusal, options.onRefused);
}

function replyTo(
  { envelope, clock, random }: Dependencies,
  message: AccountMessage,
  reply: AccountReply,
): PushReply {
  const { fields, format, receiver } = message;
  const nowMs = clock.wallMs();
  const content = {
    ToUserName: fields.get("FromUserName") ?? "",
    FromUserName: fields.get("ToUserName") ?? "",
    CreateTime: Math.floor(nowMs / 1000),
    ...reply,
  };
  const write = (what: AccountReply): string =>
    format === "json" ? JSON.stringify(what) : writeXml(what);
  const body =
    envelope === undefined
      ? write(content)
      : write({ ...envelope.seal(write(content), receiver, nowMs, random) });
  return { status: 200, body, contentType: format === "json" ? "application/json" : "text/xml" };
}

function readAccountMessage(text: string, receiver: string): AccountMessage | undefined {
  const message = readMessage(text, receiver);
  return (
    message && {
      ...message,
      type: message.fields.get("MsgType") ?? "",
      event: message.fields.get("Event") ?? "",
    }
  );
}

/** @throws {ConfigurationError} `store`: there is none, or two. */
function cacheOf({ store, cache }: AccountMessagesOptions): Cache {
  const found = store?.cache ?? cache;
  if (found !== undefined && (store === undefined || cache === undefined)) return found;
  throw new ConfigurationError(
    "Give accountMessages a `store`, such as ioredisStore(redis), or a `cache`, and not both.",
    {
      rule: "store",
    },
  );
}
