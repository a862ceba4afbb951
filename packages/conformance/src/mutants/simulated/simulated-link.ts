/** The link of one client to the simulated server, which the clauses may break. */
import type { Link } from "../../backend.ts";
import {
  Disconnected,
  whileBusy,
  type Delivery,
  type Request,
  type SimulatedServer,
} from "./simulated-server.ts";
import { ServerError } from "./simulated-store.ts";

export class SimulatedLink implements Link {
  readonly #server: SimulatedServer;
  readonly #breaks = new Set<() => void>();
  readonly #leaveServer: () => void;
  #state: "up" | "down" | "frozen" = "up";
  /** Changes at each reset: a request that began before it is lost. */
  #session = {};
  #stranded: object | undefined;
  #thaws: (() => void)[] = [];
  #losing = false;
  #refusal: string | undefined;

  constructor(server: SimulatedServer, initially: "up" | "down") {
    this.#server = server;
    this.#state = initially;
    this.#leaveServer = server.onBreak(() => this.#break());
  }

  get isUp(): boolean {
    return this.#state === "up" && this.#stranded !== this.#session;
  }

  get listeners(): number {
    return this.#breaks.size;
  }

  /** Called when the connection broke. */
  onBreak(listener: () => void): () => void {
    this.#breaks.add(listener);
    return () => this.#breaks.delete(listener);
  }

  async transmit<T>(request: Request<T>, delivery: Delivery): Promise<T> {
    if (this.#state === "down") throw new Disconnected();
    const session = this.#session;
    await this.#arrive(session);
    const refusal = this.#refusal;
    this.#refusal = undefined;
    if (refusal !== undefined) throw new ServerError(refusal);
    const reply = this.#server.receive(request, delivery);
    if (this.#losing) {
      this.#losing = false;
      this.#break();
    }
    await Promise.resolve();
    if (session !== this.#session) throw new Disconnected();
    return reply;
  }

  async #arrive(session: object): Promise<void> {
    await Promise.resolve();
    await whileBusy(this.#server);
    while (this.#state === "frozen" || this.#stranded === session) {
      await new Promise<void>((resolve) => this.#thaws.push(resolve));
      if (session !== this.#session) throw new Disconnected();
    }
    if (session !== this.#session) throw new Disconnected();
  }

  /** Closes a connection that does not answer. */
  renew(): void {
    if (this.#state !== "down") this.#break();
  }

  /** Requests on a stranded connection stay unanswered. All others fail at once. */
  #break(): void {
    this.#session = {};
    this.#thaw();
    for (const listener of [...this.#breaks]) listener();
  }

  #thaw(): void {
    for (const resume of this.#thaws.splice(0)) resume();
  }

  async cut(): Promise<void> {
    this.#state = "down";
    this.#break();
  }

  async reset(): Promise<void> {
    this.#break();
  }

  async freeze(): Promise<void> {
    this.#state = "frozen";
  }

  async strand(): Promise<void> {
    this.#stranded = this.#session;
  }

  async heal(): Promise<void> {
    const wasSilent = this.#state === "frozen" || this.#stranded === this.#session;
    this.#state = "up";
    this.#stranded = undefined;
    if (!wasSilent) return;
    this.#thaw();
    // Messages were lost meanwhile. A subscriber learns that from its own connection.
    for (const listener of [...this.#breaks]) listener();
  }

  async loseReply(): Promise<void> {
    this.#losing = true;
  }

  async refuse(answer: string): Promise<void> {
    this.#refusal = answer;
  }

  /** Disconnects from the server after the client was closed. */
  close(): void {
    this.#leaveServer();
    this.#breaks.clear();
  }
}
