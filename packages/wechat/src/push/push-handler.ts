/**
 * Handles a push: opens it, stores a ticket, hands every other message to the application, and
 * responds as the platform expects.
 */
import { ConfigurationError, systemClock, systemRandom } from "@lingpai/core";
import type { Cache, Clock, Random } from "@lingpai/core";
import { pushEnvelope } from "./push-envelope.ts";
import type {
  Envelope,
  MessageKeys,
  PushRefusal,
  PushRequest,
  Receivers,
} from "./push-envelope.ts";
import { PushInbox } from "./push-inbox.ts";
import { pushKinds } from "./push-kinds.ts";
import { readMessage } from "./push-message.ts";
import type { PushMessage } from "./push-message.ts";
import { refused, respond, success, tryAgain } from "./push-response.ts";
import type { PushReply } from "./push-response.ts";
import { PushWork } from "./push-work.ts";
import { pushedTicket, ticketPattern } from "./pushed-ticket.ts";
import type { PushedTicket } from "./pushed-ticket.ts";

/** The options that all receivers share. */
export interface ReceivingOptions {
  /**
   * Called when a push is refused. If every push is refused with `age`, this machine's clock or the
   * platform's is wrong.
   */
  readonly onRefused?: (refusal: PushRefusal) => void;
  /**
   * The largest accepted age of a push, in ms: 1 000 to 3 600 000.
   * @defaultValue 300_000
   */
  readonly pushAgeMaxMs?: number;
  /**
   * How long the response waits for `onMessage`, in ms: 100 to 60 000. After that the platform gets
   * `success`, and the work continues. WeChat waits 5 s, WeCom 1 s for some messages.
   * @defaultValue 4_000; WeCom: 700
   */
  readonly answerMs?: number;
}

export interface PushOptions extends ReceivingOptions {
  /**
   * Called with every authentic message except tickets: at least once each, and on one node of the
   * fleet at a time, even if the platform sends the message again or encrypts it again. A message
   * that was handled is remembered for 24 h. If the handler throws or its process dies, the message
   * comes again: from the platform while it has no response, from the store after that.
   */
  readonly onMessage?: (message: PushMessage) => void | Promise<void>;
  /**
   * Called when `onMessage` failed after the platform had its response. `onMessage` gets the
   * message again a minute later, on any node, for a day.
   */
  readonly onFailed?: (error: unknown, message: PushMessage) => void;
  /**
   * Called once for each authentic message whose kind the platform does not document (see
   * `pushKinds`), or for which there is no `onMessage`.
   */
  readonly onUnknown?: (message: PushMessage) => void;
  /**
   * The receivers for which messages may be encrypted. For a suite whose provider gets
   * `create_auth`, add the provider's corp id; for one with a data callback, the corps' ids. An
   * individual developer's ReceiveId is empty: `""`.
   * @defaultValue the component's AppID, or the suite id
   */
  readonly receivers?: Receivers;
}

export interface PushHandler {
  /**
   * Handles a push, in whatever form a framework provides it. `success` means that the message was
   * taken, also if it was a repetition. A push that cannot be read or verified gets status 400 or
   * 403. Never throws: an own failure becomes status 503, and the platform tries again.
   */
  handlePush(request: PushRequest): Promise<PushReply>;
  /**
   * The same for frameworks with `Request` and `Response`. Also answers the platform's check of the
   * URL.
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

/** The differences between the two platforms. */
export interface PushForm {
  readonly ticketType: string;
  readonly ticketField: string;
  /** The field with the time of the push: seconds since the Unix epoch by the platform's clock. */
  readonly timeField: string;
  /** The component's AppID, or the suite id. */
  readonly receiver: string;
  /** The ticket's name across the fleet. */
  readonly ticketId: string;
  readonly ticketLifetimeMs: number;
  readonly answerMs: number;
  /** Runs with each message before the application's handler. */
  readonly before?: (message: PushMessage) => Promise<void>;
}

export interface PushReceiver {
  readonly ticket: PushedTicket;
  readonly inbox: PushInbox;
  readonly handler: PushHandler;
  close(): void;
}

/** @throws {ConfigurationError} `message-keys`, or `range` for the age or the response time. */
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
      // The store or the application has reported its own failure. The platform is told to try
      // again.
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

/**
 * Stores the ticket. Storing the same ticket again is right, because the new push confirms it, and
 * harmless if the push is a replay. Returns false if the message has no ticket.
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
