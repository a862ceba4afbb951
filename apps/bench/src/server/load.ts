/**
 * Keep-alive clients that send the next request as soon as the last one is answered. They write one
 * prepared request to a socket and read an answer up to its `Content-Length`. A client of
 * `node:http` would cost several times as much as the servers, and distort the measurement.
 */
import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { systemClock } from "@lingpai/core";
import { quantile } from "../statistics.ts";

export interface Load {
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly errors: number;
}

export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends one separate request. Resolves to the status. */
export function ask({ headers, url }: Target, method: string = "GET"): Promise<number> {
  return new Promise((resolve, reject) => {
    const agent = new Agent();
    const asked = request(url, { agent, headers, method }, (response: IncomingMessage) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
    });
    asked.once("error", reject);
    asked.end();
  });
}

/** A connection that repeats one request, one at a time. */
export class Connection {
  readonly #socket: Socket;
  readonly #request: string;
  #received = "";
  #answered: ((status: number) => void) | undefined;

  private constructor(socket: Socket, asked: string) {
    this.#socket = socket;
    this.#request = asked;
    socket.setEncoding("latin1").setNoDelay();
    socket.on("data", (chunk: string) => this.#take(chunk));
    for (const end of ["error", "close"]) socket.on(end, () => this.#answer(0));
  }

  static open({ headers, url }: Target): Promise<Connection> {
    const { host, hostname, pathname, port, search } = new URL(url);
    const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`);
    const asked = `GET ${pathname}${search} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
    const socket = connect(Number(port), hostname);
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.once("connect", () => resolve(new Connection(socket, asked)));
    });
  }

  /** Resolves to the status. 0 if the connection ends before the answer does. */
  ask(): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#answered = resolve;
    if (this.#socket.writable) this.#socket.write(this.#request);
    else this.#answer(0);
    return promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    this.#received += chunk;
    const headEnd = this.#received.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const [, length = "0"] = /^content-length: (\d+)/im.exec(this.#received) ?? [];
    if (this.#received.length < headEnd + 4 + Number(length)) return;
    const status = Number(this.#received.slice(9, 12));
    this.#received = "";
    this.#answer(status);
  }

  #answer(status: number): void {
    this.#answered?.(status);
    this.#answered = undefined;
  }
}

/** Spreads the clients over the targets. */
export async function load(
  targets: readonly Target[],
  { clients, ms }: { readonly clients: number; readonly ms: number },
): Promise<Load> {
  const untilMs = systemClock.monotonicMs() + ms;
  const latencies: number[] = [];
  let errors = 0;
  const client = async (target: Target): Promise<void> => {
    const connection = await Connection.open(target);
    for (;;) {
      const fromMs = systemClock.monotonicMs();
      if (fromMs >= untilMs) break;
      const status = await connection.ask();
      if (status !== 200) errors += 1;
      latencies.push(systemClock.monotonicMs() - fromMs);
      // A connection that has ended is not used again.
      if (status === 0) break;
    }
    connection.close();
  };
  await Promise.all(
    Array.from({ length: clients }, (_, at) => client(targets[at % targets.length]!)),
  );
  const perSecond = (latencies.length - errors) / (ms / 1_000);
  return { perSecond, p99Ms: quantile(latencies, 0.99), errors };
}
