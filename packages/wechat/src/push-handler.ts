/** What a route does with a push: opens it, keeps the ticket, hands everything else to the application, and answers as the platform expects. */
import { createHash } from "node:crypto";
import { ConfigurationError, systemClock } from "@lingpai/core";
import type { Cache, Clock } from "@lingpai/core";
import { readBody } from "./answer.ts";
import { InvalidAnswerError } from "./errors.ts";
import { readFlatXml } from "./flat-xml.ts";
import { parameter, pushEnvelope } from "./push-envelope.ts";
import type { Envelope, MessageKeys, PushRefusal, PushRequest } from "./push-envelope.ts";
import { pushedTicket, ticketPattern } from "./pushed-ticket.ts";
import type { PushedTicket } from "./pushed-ticket.ts";

/** An authentic message that is not a ticket: `authorized`, `unauthorized`, `cancel_auth` and so on. */
export interface PushMessage {
  /** Empty when the message is not a flat document. */
  readonly infoType: string;
  /** The document's texts by their names; empty when it is not flat. */
  readonly fields: ReadonlyMap<string, string>;
  /** The document itself. */
  readonly text: string;
}

/** To be sent as it is, as `text/plain`. */
export interface PushReply {
  readonly status: number;
  readonly body: string;
}

export interface PushOptions {
  /**
   * Called with every authentic message but tickets, before the platform is told that it was taken: when it throws, the platform sends the message again. May
   * be called twice with one message when a process dies between the call and the answer.
   */
  readonly onMessage?: (message: PushMessage) => void | Promise<void>;
  /** Called when a push was refused. `age` for all of them means that this machine's clock, or the platform's, is wrong. */
  readonly onRefused?: (refusal: PushRefusal) => void;
  /** How old a push may be, in ms: 1 000 to 3 600 000. @defaultValue 300_000 */
  readonly pushAgeMaxMs?: number;
}

export interface PushHandler {
  /**
   * Takes a push in whatever form a framework has it. `success` means taken, also when it was a repetition. Never throws: what goes wrong is a status, and
   * the platform tries again.
   */
  handlePush(request: PushRequest): Promise<PushReply>;
  /** The same for frameworks that speak `Request` and `Response`; answers the platform's check of the URL too. */
  respondToPush(request: Request): Promise<Response>;
}

/** What a receiver is made of. */
export interface ReceiverOptions extends PushOptions, MessageKeys {
  readonly cache: Cache;
  readonly environment: string;
  readonly clock?: Clock;
}

interface Setting extends PushOptions {
  readonly envelope: Envelope;
  readonly ticket: PushedTicket;
  /** Remembers, for the whole fleet, which messages were taken. */
  readonly taken: Cache;
  readonly clock: Clock;
  readonly ageMaxMs: number;
  readonly form: PushForm;
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
}

/** @throws {ConfigurationError} `message-keys`, or `range` for the age. */
export function pushReceiver(options: ReceiverOptions, form: PushForm): { readonly ticket: PushedTicket; readonly handler: PushHandler } {
  const { environment, clock = systemClock, pushAgeMaxMs: ageMaxMs = 300_000 } = options;
  if (!(ageMaxMs >= 1_000 && ageMaxMs <= 3_600_000)) {
    throw new ConfigurationError(`pushAgeMaxMs is ${ageMaxMs}. Give 1000 to 3600000.`, { rule: "range" });
  }
  const { receiver, ticketId, ticketLifetimeMs } = form;
  const envelope = pushEnvelope({ messageToken: options.messageToken, encodingAesKey: options.encodingAesKey, receiver, ageMaxMs });
  const ticket = pushedTicket({ id: ticketId, cache: options.cache, environment, lifetimeMs: ticketLifetimeMs, clock });
  const taken = options.cache.withPrefix(environment).withPrefix(`pushes:${receiver}`);
  const { onMessage, onRefused } = options;
  return {
    ticket,
    handler: pushHandler({
      envelope,
      ticket,
      taken,
      clock,
      ageMaxMs,
      form,
      ...(onMessage && { onMessage }),
      ...(onRefused && { onRefused }),
    }),
  };
}

const success: PushReply = { status: 200, body: "success" };
const bodyBytesMax = 64 * 1024;

function pushHandler(setting: Setting): PushHandler {
  const { clock, envelope, onRefused } = setting;

  const handlePush = async (request: PushRequest): Promise<PushReply> => {
    const opened = envelope.open(request, clock.wallMs());
    if ("refused" in opened) {
      onRefused?.(opened.refused);
      return { status: opened.refused === "form" ? 400 : 403, body: `refused: ${opened.refused}` };
    }
    const fields = readFlatXml(opened.text) ?? new Map<string, string>();
    const message = { infoType: fields.get("InfoType") ?? "", fields, text: opened.text };
    try {
      await (message.infoType === setting.form.ticketType ? keep(setting, message) : handOn(setting, message, opened.signature));
      return success;
    } catch {
      // The store or the application failed, and has said so in its own place; the answer goes to the platform.
      return { status: 503, body: "try again" };
    }
  };

  return {
    handlePush,
    async respondToPush(request) {
      const query = new URL(request.url).searchParams;
      if (request.method === "GET" && parameter(query, "echostr") !== undefined) {
        const echo = envelope.openEcho(query, clock.wallMs());
        return "refused" in echo ? new Response(`refused: ${echo.refused}`, { status: 403 }) : new Response(echo.text);
      }
      if (request.method !== "POST") return new Response("POST expected", { status: 405, headers: { allow: "POST" } });
      const body = await bodyOf(request);
      const reply = body === undefined ? { status: 413, body: "too long" } : await handlePush({ query, body });
      return new Response(reply.body, { status: reply.status, headers: { "content-type": "text/plain" } });
    },
  };
}

async function bodyOf(request: Request): Promise<string | undefined> {
  try {
    return await readBody(request, request.signal, bodyBytesMax);
  } catch (error) {
    if (error instanceof InvalidAnswerError) return undefined;
    throw error;
  }
}

/** Keeping a ticket again changes nothing, so a repeated push needs no memory of the first. */
async function keep({ form, ticket }: Setting, { fields }: PushMessage): Promise<void> {
  const text = fields.get(form.ticketField) ?? "";
  const time = fields.get(form.timeField) ?? "";
  // The platform would send the same again, so such a one is taken and dropped.
  if (!ticketPattern.test(text) || !/^\d{1,12}$/.test(time)) return;
  await ticket.put(text, Number(time) * 1000);
}

/** Remembered once the application has it: until a message is too old to be taken, it is not handed on again. */
async function handOn({ ageMaxMs, taken, onMessage }: Setting, message: PushMessage, signature: string): Promise<void> {
  const key = createHash("sha256").update(signature).digest("base64url");
  if ((await taken.get(key)) !== undefined) return;
  await onMessage?.(message);
  await taken.set(key, "taken", { ttlMs: 2 * ageMaxMs + 60_000 });
}
