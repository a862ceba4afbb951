/**
 * What a route does with a push: opens it, keeps the ticket, hands everything else to the
 * application, and answers as the platform expects.
 */
import { ConfigurationError, systemClock, systemRandom } from "@lingpai/core";
import type { Cache, Clock, Random } from "@lingpai/core";
import { readBody } from "../transport/platform-answer.ts";
import { InvalidAnswerError } from "../errors/platform-errors.ts";
import { readDocument } from "./push-document.ts";
import type { PushDocument } from "./push-document.ts";
import { parameter, pushEnvelope } from "./push-envelope.ts";
import type {
  Envelope,
  MessageKeys,
  PushRefusal,
  PushRequest,
  Receivers,
} from "./push-envelope.ts";
import { PushInbox } from "./push-inbox.ts";
import { pushKinds } from "./push-kinds.ts";
import { PushWork } from "./push-work.ts";
import { pushedTicket, ticketPattern } from "./pushed-ticket.ts";
import type { PushedTicket } from "./pushed-ticket.ts";

/**
 * An authentic message that is not a ticket: `authorized`, `unauthorized`, `cancel_auth` and so on.
 */
export interface PushMessage extends PushDocument {
  /** Empty when it has none: the data callback of a suite, say. */
  readonly infoType: string;
  /** Whom it was sealed for. */
  readonly receiver: string;
  /** The document itself. */
  readonly text: string;
}

/** To be sent as it is, with this content type; `text/plain` where none is named. */
export interface PushReply {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
}

/** What receivers of every kind share. */
export interface ReceivingOptions {
  /**
   * Called when a push was refused. `age` for all of them means that this machine's clock, or the
   * platform's, is wrong.
   */
  readonly onRefused?: (refusal: PushRefusal) => void;
  /** How old a push may be, in ms: 1 000 to 3 600 000. @defaultValue 300_000 */
  readonly pushAgeMaxMs?: number;
  /**
   * How long a push is left unanswered while `onMessage` works, in ms: 100 to 60 000. After that
   * the platform is told that the message is taken, and the work goes on. WeChat waits 5 s, WeCom 1
   * s for some. @defaultValue 4_000; WeCom: 700
   */
  readonly answerMs?: number;
}

export interface PushOptions extends ReceivingOptions {
  /**
   * Called with every authentic message but tickets: at least once each, and on one node of the
   * fleet at a time, also when the platform sends it again, or seals it anew. What is done is
   * remembered for 24 h. When it throws, or its process dies, the message comes again: from the
   * platform while that has no answer, from the store after it.
   */
  readonly onMessage?: (message: PushMessage) => void | Promise<void>;
  /**
   * Called when `onMessage` failed after the platform had its answer. It is called with the message
   * again a minute later, on any node, for a day.
   */
  readonly onFailed?: (error: unknown, message: PushMessage) => void;
  /**
   * Called once for each authentic message of a kind that the platform does not document (see
   * `pushKinds`), or that nobody handles.
   */
  readonly onUnknown?: (message: PushMessage) => void;
  /**
   * Whom messages may be sealed for. @defaultValue the component's AppID, or the suite id. A suite
   * whose provider gets `create_auth` adds its provider's corp id, one with a data callback the
   * corps' ids; an individual developer's ReceiveId is empty: `""`.
   */
  readonly receivers?: Receivers;
}

export interface PushHandler {
  /**
   * Takes a push in whatever form a framework has it. `success` means taken, also when it was a
   * repetition. What cannot be read or verified is answered with a status of 400 or 403. Never
   * throws: what goes wrong here is a 503, and the platform tries again.
   */
  handlePush(request: PushRequest): Promise<PushReply>;
  /**
   * The same for frameworks that speak `Request` and `Response`; answers the platform's check of
   * the URL too.
   */
  respondToPush(request: Request): Promise<Response>;
}

/** What a receiver is made of. */
export interface ReceiverOptions extends PushOptions, MessageKeys {
  readonly cache: Cache;
  readonly environment: string;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Where the two platforms differ. */
export interface PushForm {
  readonly ticketType: string;
  readonly ticketField: string;
  /** Seconds since the epoch, by the platform's clock. */
  readonly timeField: string;
  /** Whom messages are for: the component's AppID, the suite id. */
  readonly receiver: string;
  /** Names the ticket across the fleet. */
  readonly ticketId: string;
  readonly ticketLifetimeMs: number;
  readonly answerMs: number;
  /** Done with a message before the application has it. */
  readonly before?: (message: PushMessage) => Promise<void>;
}

export interface PushReceiver {
  readonly ticket: PushedTicket;
  readonly inbox: PushInbox;
  readonly handler: PushHandler;
  close(): void;
}

/** @throws {ConfigurationError} `message-keys`, or `range` for the age or the time to answer. */
export function pushReceiver(options: ReceiverOptions, form: PushForm): PushReceiver {
  const { environment, clock = systemClock, random = systemRandom } = options;
  const { ageMaxMs, answerMs } = receivingTimes(options, form.answerMs);
  const { receiver, ticketId, ticketLifetimeMs } = form;
  const { messageToken, encodingAesKey, receivers = [receiver] } = options;
  const envelope = pushEnvelope({ messageToken, encodingAesKey, receivers, ageMaxMs });
  const ticket = pushedTicket({
    id: ticketId,
    cache: options.cache,
    environment,
    lifetimeMs: ticketLifetimeMs,
    clock,
  });
  const inbox = new PushInbox({
    cache: options.cache.withPrefix(environment).withPrefix(`pushes:${receiver}`),
    clock,
    random,
  });
  const work = new PushWork<PushMessage, void>({
    inbox,
    clock,
    answerMs,
    reread: readMessage,
    onFailed: options.onFailed,
    async work(message) {
      const isKnown = pushKinds.some(({ infoType }) => infoType === message.infoType);
      if (!isKnown || options.onMessage === undefined) options.onUnknown?.(message);
      await form.before?.(message);
      await options.onMessage?.(message);
    },
  });
  const close = (): void => {
    work.close();
    ticket.close();
  };
  return {
    ticket,
    inbox,
    close,
    handler: pushHandler({ envelope, ticket, work, clock, form, onRefused: options.onRefused }),
  };
}

/** @throws {ConfigurationError} `range` */
export function receivingTimes(
  { pushAgeMaxMs: ageMaxMs = 300_000, answerMs: given }: ReceivingOptions,
  answerDefaultMs: number,
): { readonly ageMaxMs: number; readonly answerMs: number } {
  const answerMs = given ?? answerDefaultMs;
  if (!(ageMaxMs >= 1_000 && ageMaxMs <= 3_600_000)) {
    throw new ConfigurationError(`pushAgeMaxMs is ${ageMaxMs}. Give 1000 to 3600000.`, {
      rule: "range",
    });
  }
  if (!(answerMs >= 100 && answerMs <= 60_000)) {
    throw new ConfigurationError(`answerMs is ${answerMs}. Give 100 to 60000.`, { rule: "range" });
  }
  return { ageMaxMs, answerMs };
}

export const success: PushReply = { status: 200, body: "success" };
export const tryAgain: PushReply = { status: 503, body: "try again" };
/** In compatible mode a message comes in clear and sealed. */
const bodyBytesMax = 256 * 1024;

export function refused(refusal: PushRefusal, onRefused: ReceivingOptions["onRefused"]): PushReply {
  onRefused?.(refusal);
  return {
    status: refusal === "form" || refusal === "content" ? 400 : 403,
    body: `refused: ${refusal}`,
  };
}

interface Dependencies {
  readonly envelope: Envelope;
  readonly ticket: PushedTicket;
  readonly work: PushWork<PushMessage, void>;
  readonly clock: Clock;
  readonly form: PushForm;
  readonly onRefused: ReceivingOptions["onRefused"];
}

function pushHandler(dependencies: Dependencies): PushHandler {
  const { clock, envelope, onRefused, form, work } = dependencies;

  const handlePush = async (request: PushRequest): Promise<PushReply> => {
    const opened = envelope.open(request, clock.wallMs());
    if ("refused" in opened) return refused(opened.refused, onRefused);
    const message = readMessage(opened.text, opened.receiver);
    if (message === undefined) return refused("content", onRefused);
    try {
      if (message.infoType !== form.ticketType) await work.take(message);
      else if (!(await keepTicket(dependencies, message))) return refused("content", onRefused);
      return success;
    } catch {
      // The store or the application failed, and has said so in its own place; the answer goes to
      // the platform.
      return tryAgain;
    }
  };

  return {
    handlePush,
    respondToPush: (request) =>
      respond(request, handlePush, (query) => {
        const echo = envelope.openEcho(query, clock.wallMs());
        return "refused" in echo
          ? refused(echo.refused, onRefused)
          : { status: 200, body: echo.text };
      }),
  };
}

/** A whole route: the platform's check of the URL, and its messages. */
export async function respond(
  request: Request,
  handlePush: PushHandler["handlePush"],
  answerEcho: (query: URLSearchParams) => PushReply,
): Promise<Response> {
  const query = new URL(request.url).searchParams;
  if (request.method === "GET" && parameter(query, "echostr") !== undefined)
    return responseOf(answerEcho(query));
  if (request.method !== "POST")
    return new Response("POST expected", { status: 405, headers: { allow: "POST" } });
  const body = await bodyOf(request);
  return responseOf(
    body === undefined ? { status: 413, body: "too long" } : await handlePush({ query, body }),
  );
}

function responseOf({ status, body, contentType = "text/plain" }: PushReply): Response {
  return new Response(body, { status, headers: { "content-type": contentType } });
}

async function bodyOf(request: Request): Promise<string | undefined> {
  try {
    return await readBody(request, request.signal, bodyBytesMax);
  } catch (error) {
    if (error instanceof InvalidAnswerError) return undefined;
    throw error;
  }
}

export function readMessage(text: string, receiver: string): PushMessage | undefined {
  const document = readDocument(text);
  return (
    document && { ...document, infoType: document.fields.get("InfoType") ?? "", text, receiver }
  );
}

/**
 * Keeping a ticket again is the platform's word that it counts now, and harmless when the push is a
 * replay. False when there is none in it.
 */
async function keepTicket(
  { form, ticket }: Dependencies,
  { fields }: PushMessage,
): Promise<boolean> {
  const text = fields.get(form.ticketField) ?? "";
  const time = fields.get(form.timeField) ?? "";
  if (!ticketPattern.test(text) || !/^\d{1,12}$/.test(time)) return false;
  await ticket.put(text, Number(time) * 1000);
  return true;
}
