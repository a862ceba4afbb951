/**
 * Redis's wire protocol (RESP2), as far as tests need it to use a server without a client library.
 */
import { connect } from "node:net";
import type { Socket } from "node:net";

export type Reply = string | number | null | ServerError | readonly Reply[];

/** An error answer of the server. */
export class ServerError extends Error {
  override readonly name = "ServerError";
}

export interface Wire {
  /** @throws {ServerError} the server refuses. The text is the server's. */
  command(...parts: ReadonlyArray<string | Uint8Array>): Promise<Reply>;
  close(): void;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Opens one connection. Text is UTF-8. `push` receives what the server pushes: messages of
 * subscriptions.
 */
export async function openWire(
  address: Address,
  push: (reply: Reply) => void = () => {},
): Promise<Wire> {
  const socket = await open(address);
  const waiting: { resolve(reply: Reply): void; reject(error: Error): void }[] = [];
  let received: Buffer = Buffer.alloc(0);
  let failure: Error | undefined;

  const receive = (chunk: Buffer): void => {
    received = Buffer.concat([received, chunk]);
    for (let frame = parse(received, 0); frame !== undefined; frame = parse(received, 0)) {
      received = received.subarray(frame.end);
      const caller = waiting.shift();
      if (caller === undefined) push(frame.reply);
      else if (frame.reply instanceof ServerError) caller.reject(frame.reply);
      else caller.resolve(frame.reply);
    }
  };
  socket.on("data", (chunk) => {
    try {
      receive(chunk);
    } catch {
      // A server that is gone may have left its port to another program.
      socket.destroy();
    }
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    failure = new Error(`The connection to port ${address.port} is closed.`);
    for (const caller of waiting.splice(0)) caller.reject(failure);
  });

  return {
    command: (...parts) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        waiting.push({ resolve, reject });
        socket.write(encode(parts));
      }),
    close: () => void socket.destroy(),
  };
}

/** Sends one command over its own connection. */
export async function once(
  address: Address,
  ...parts: ReadonlyArray<string | Uint8Array>
): Promise<Reply> {
  const wire = await openWire(address);
  try {
    return await wire.command(...parts);
  } finally {
    wire.close();
  }
}

function open({ host, port }: Address): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

/** A command, as clients send it. */
export function encode(parts: ReadonlyArray<string | Uint8Array>): Buffer {
  const chunks: Uint8Array[] = [Buffer.from(`*${parts.length}\r\n`)];
  for (const part of parts) {
    const bytes = typeof part === "string" ? Buffer.from(part) : part;
    chunks.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n"));
  }
  return Buffer.concat(chunks);
}

interface Frame<T> {
  readonly reply: T;
  /** Where the next frame begins. */
  readonly end: number;
}

/** The frame that begins at `start`; undefined while it is incomplete. */
export function parse(bytes: Buffer, start: number): Frame<Reply> | undefined {
  const lineEnd = bytes.indexOf("\r\n", start);
  if (lineEnd < 0) return undefined;
  const head = bytes.toString("utf8", start + 1, lineEnd);
  const end = lineEnd + 2;
  switch (String.fromCharCode(bytes[start]!)) {
    case "+":
      return { reply: head, end };
    case "-":
      return { reply: new ServerError(head), end };
    case ":":
      return { reply: Number(head), end };
    case "$":
      return parseText(bytes, Number(head), end);
    case "*":
      return parseList(bytes, Number(head), end);
    default:
      throw new Error("The server does not speak RESP2.");
  }
}

function parseText(bytes: Buffer, length: number, start: number): Frame<Reply> | undefined {
  if (length < 0) return { reply: null, end: start };
  const end = start + length + 2;
  return bytes.length < end
    ? undefined
    : { reply: bytes.toString("utf8", start, start + length), end };
}

function parseList(bytes: Buffer, length: number, start: number): Frame<Reply> | undefined {
  if (length < 0) return { reply: null, end: start };
  const items: Reply[] = [];
  let end = start;
  for (let index = 0; index < length; index++) {
    const item = parse(bytes, end);
    if (item === undefined) return undefined;
    items.push(item.reply);
    end = item.end;
  }
  return { reply: items, end };
}
