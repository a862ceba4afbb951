/**
 * A proxy on loopback between one client and a Redis server. It breaks the connection in every way
 * in which networks do.
 */
import { connect, createServer } from "node:net";
import type { Server as TcpServer, Socket } from "node:net";
import { freePorts } from "./ports.ts";
import { encode, parse } from "./resp.ts";
import type { Address } from "./resp.ts";

export interface Link extends Address {
  readonly url: string;
  /** Resets the connections and refuses new ones. */
  cut(): Promise<void>;
  /** Resets the connections and accepts new ones. */
  reset(): Promise<void>;
  /** Keeps connections open and accepts new ones, but passes nothing on. */
  freeze(): Promise<void>;
  /**
   * Kills the open connections without notifying the client, until it sends something after
   * {@link Link.heal}. New ones work.
   */
  strand(): Promise<void>;
  heal(): Promise<void>;
  /**
   * Passes the next command to the server, and resets the connection instead of returning the
   * answer.
   */
  loseReply(): Promise<void>;
  /** Answers the next command with this error instead of passing it on. */
  refuse(answer: string): Promise<void>;
  /** Counts the commands that were passed on. */
  commands(): Promise<number>;
  /** How many connections are open. */
  connections(): number;
  /** Ends it and all its connections. */
  close(): Promise<void>;
}

/**
 * The unit that counts as a command: a whole request of Redis's protocol or, for other servers,
 * whatever the client sends at once.
 */
export type Framing = "resp" | "chunks";

/**
 * A service's rule. It returns the error for this command, or undefined if the service runs it.
 */
export type Refuse = (command: readonly string[]) => string | undefined;

/**
 * @param refuse a rule for all commands of this link, as of a service that checks commands first
 */
export async function openLink(
  target: Address,
  framing: Framing = "resp",
  refuse: Refuse = () => undefined,
): Promise<Link> {
  const link = new Proxy(target, framing, refuse);
  const [port] = (await freePorts(1)) as [number];
  await link.listen(port);
  return link;
}

class Proxy implements Link {
  readonly host = "127.0.0.1";
  port = 0;
  readonly #target: Address;
  readonly #framing: Framing;
  readonly #refuse: Refuse;
  readonly #pairs = new Set<Pair>();
  #server: TcpServer | undefined;
  #frozen = false;
  #commandCount = 0;
  /** The fault of the next command. */
  #trap:
    | { readonly kind: "lose" }
    | { readonly kind: "refuse"; readonly answer: string }
    | undefined;

  constructor(target: Address, framing: Framing, refuse: Refuse) {
    this.#target = target;
    this.#framing = framing;
    this.#refuse = refuse;
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => this.#accept(socket)).once("error", reject);
      server.listen(port, this.host, () => {
        this.port = port;
        resolve();
      });
      this.#server = server;
    });
  }

  async cut(): Promise<void> {
    const stopped = this.#stopListening();
    this.#resetAll();
    await stopped;
  }

  async reset(): Promise<void> {
    this.#resetAll();
  }

  async freeze(): Promise<void> {
    this.#frozen = true;
    for (const pair of this.#pairs) pair.pause();
  }

  async strand(): Promise<void> {
    for (const pair of this.#pairs) pair.strand();
  }

  async heal(): Promise<void> {
    this.#frozen = false;
    this.#trap = undefined;
    for (const pair of this.#pairs) pair.resume();
    if (this.#server === undefined) await this.listen(this.port);
  }

  async loseReply(): Promise<void> {
    this.#trap = { kind: "lose" };
  }

  async refuse(answer: string): Promise<void> {
    this.#trap = { kind: "refuse", answer };
  }

  async commands(): Promise<number> {
    return this.#commandCount;
  }

  connections(): number {
    return this.#pairs.size;
  }

  async close(): Promise<void> {
    await this.cut();
  }

  #accept(client: Socket): void {
    const pair = new Pair(client, connect(this.#target), this.#framing, {
      command: (bytes) => this.#command(pair, bytes),
      ended: () => void this.#pairs.delete(pair),
    });
    this.#pairs.add(pair);
    if (this.#frozen) pair.pause();
  }

  #command(pair: Pair, bytes: Buffer): void {
    const trap = this.#trap;
    this.#trap = undefined;
    if (trap?.kind === "refuse") return pair.answer(`-${trap.answer}\r\n`);
    const refusal =
      this.#framing === "resp"
        ? this.#refuse(parse(bytes, 0)?.reply as readonly string[])
        : undefined;
    // The server itself is made to answer it, so that it comes in order among a pipeline's answers.
    if (refusal !== undefined)
      return pair.forward(encode(["EVAL", "return redis.error_reply(ARGV[1])", "0", refusal]));
    this.#commandCount++;
    if (trap?.kind === "lose") pair.resetAfterReply();
    pair.forward(bytes);
  }

  #resetAll(): void {
    for (const pair of this.#pairs) pair.reset();
  }

  /** Accepts nothing from now on. Resolves when the open connections have ended. */
  #stopListening(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    return new Promise((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }
}

interface PairEvents {
  command(bytes: Buffer): void;
  ended(): void;
}

/** One connection of the client and its continuation to the server. */
class Pair {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #events: PairEvents;
  #pending: Buffer = Buffer.alloc(0);
  #resetsAfterReply = false;
  #stranded = false;
  /** The network is back, but the other end knows nothing of this connection. */
  #forgotten = false;

  constructor(client: Socket, server: Socket, framing: Framing, events: PairEvents) {
    this.#client = client;
    this.#server = server;
    this.#events = events;
    client.on("data", (chunk) =>
      framing === "resp" ? this.#fromClient(chunk) : this.#stranded || events.command(chunk),
    );
    server.on("data", (chunk) => this.#fromServer(chunk));
    for (const socket of [client, server]) socket.on("error", () => {});
    client.on("close", () => {
      server.destroy();
      events.ended();
    });
    server.on("close", () => {
      if (!this.#stranded) client.destroy();
    });
  }

  forward(bytes: Buffer): void {
    this.#server.write(bytes);
  }

  answer(text: string): void {
    this.#client.write(text);
  }

  resetAfterReply(): void {
    this.#resetsAfterReply = true;
  }

  reset(): void {
    this.#client.resetAndDestroy();
    this.#server.destroy();
  }

  pause(): void {
    this.#client.pause();
    this.#server.pause();
  }

  resume(): void {
    if (this.#stranded) this.#forgotten = true;
    this.#client.resume();
    this.#server.resume();
  }

  strand(): void {
    this.#stranded = true;
    this.#server.destroy();
  }

  #fromClient(chunk: Buffer): void {
    if (this.#forgotten) return this.reset();
    if (this.#stranded) return;
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (
      let frame = parse(this.#pending, 0);
      frame !== undefined;
      frame = parse(this.#pending, 0)
    ) {
      const bytes = this.#pending.subarray(0, frame.end);
      this.#pending = this.#pending.subarray(frame.end);
      this.#events.command(bytes);
    }
  }

  #fromServer(chunk: Buffer): void {
    if (this.#resetsAfterReply) this.reset();
    else if (!this.#stranded) this.#client.write(chunk);
  }
}
