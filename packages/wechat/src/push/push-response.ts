/** The responses to a push, and the route that reads a request and sends one. */
import { InvalidAnswerError } from "../errors/platform-errors.ts";
import { readBody } from "../transport/platform-answer.ts";
import { parameter } from "./push-envelope.ts";
import type { PushRefusal, PushRequest } from "./push-envelope.ts";

/** The response to send. The content type is `text/plain` unless one is given. */
export interface PushReply {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
}

export const success: PushReply = { status: 200, body: "success" };
export const tryAgain: PushReply = { status: 503, body: "try again" };

/** In compatible mode a message comes both in clear and encrypted. */
const bodyBytesMax = 256 * 1024;

export function refused(
  refusal: PushRefusal,
  onRefused: ((refusal: PushRefusal) => void) | undefined,
): PushReply {
  onRefused?.(refusal);
  return {
    status: refusal === "form" || refusal === "content" ? 400 : 403,
    body: `refused: ${refusal}`,
  };
}

/** A whole route: the platform's check of the URL, and its messages. */
export async function respond(
  request: Request,
  handlePush: (request: PushRequest) => Promise<PushReply>,
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
