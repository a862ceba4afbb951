/**
 * Receives the messages and events that the users of one account cause: an official account, a mini
 * program or a WeCom app. It opens plain, compatible and safe mode, XML and JSON, and replies in
 * the same form.
 */
import { ConfigurationError, requireObject, systemClock, systemRandom } from "@lingpai/core";
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
import { receivingTimes } from "./push-handler.ts";
import { readMessage } from "./push-message.ts";
import { refused, respond, success, tryAgain } from "./push-response.ts";
import type { PushHandler, ReceivingOptions } from "./push-handler.ts";
import type { PushMessage } from "./push-message.ts";
import type { PushReply } from "./push-response.ts";
import { PushInbox } from "./push-inbox.ts";
import { PushWork } from "./push-work.ts";

/** A message or an event that a user caused. */
export interface AccountMessage extends PushMessage {
  /** `MsgType`: `text`, `image`, `event` and so on. */
  readonly type: string;
  /** `Event`, if the message is an event; else empty. */
  readonly event: string;
}

/**
 * The reply to the user: `{ MsgType: "text", Content: "…" }`. `ToUserName`, `FromUserName` and
 * `CreateTime` are added.
 */
export type AccountReply = Readonly<Record<string, PushContent>>;

export interface AccountMessagesOptions extends ReceivingOptions {
  /**
   * The account's AppID; in WeCom the corp id. Messages are encrypted for it, and their keys in the
   * store contain it.
   */
  readonly receiver: string;
  /** As set in the console. */
  readonly messageToken: string;
  /** EncodingAESKey: 43 characters of base64. Plain mode needs none. */
  readonly encodingAesKey?: string;
  /**
   * The mode set in the console. `safe` accepts only encrypted messages. `compatible` accepts
   * messages that come both in clear and encrypted, and reads the encrypted part. `plain` accepts
   * messages of which only the query is signed, so anybody who saw one may have altered the body.
   * @defaultValue "safe"
   */
  readonly mode?: "plain" | "compatible" | "safe";
  /**
   * The receivers for which messages may be encrypted, if not only `receiver`. Individual
   * developers have an empty one: `""`.
   */
  readonly receivers?: Receivers;
  /**
   * Where the fleet remembers the messages it received: a `store`, as for the other clients, or
   * only a cache.
   */
  readonly store?: Pick<Store, "cache">;
  readonly cache?: Cache;
  readonly environment: string;
  readonly clock?: Clock;
  readonly random?: Random;
  /**
   * Called with every authentic message, as in {@link PushOptions.onMessage}. The return value is
   * the reply to the user, if it comes within `answerMs`. After that, use the customer service API.
   */
  readonly onMessage: (
    message: AccountMessage,
  ) => AccountReply | undefined | void | Promise<AccountReply | undefined | void>;
  /**
   * Called when `onMessage` failed after the platform had its response. The message comes again a
   * minute later.
   */
  readonly onFailed?: (error: unknown, message: AccountMessage) => void;
}

export interface AccountMessages extends PushHandler {
  /** Cancels planned background work. The cache stays open. */
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

/** In compatible mode only the encrypted part is read, because the clear part is not signed. */
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

/** An account's URL check sends its text in clear and signs the query. WeCom's is encrypted. */
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

/** @throws {ConfigurationError} `store`: neither option is given, or both are. */
function cacheOf({ store, cache }: AccountMessagesOptions): Cache {
  if (store !== undefined) requireObject("store, an object, is none: its cache", store.cache);
  const found = store?.cache ?? cache;
  if (found !== undefined && (store === undefined || cache === undefined)) return found;
  throw new ConfigurationError(
    "Give accountMessages a `store`, such as ioredisStore(redis), or a `cache`, and not both.",
    {
      rule: "store",
    },
  );
}
