/** Several processes that execute orders: the nodes of a fleet. */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * The orders that a kind of process knows. Arguments and results are cloned, so they are plain
 * data.
 */
export type Orders = Readonly<Record<string, (content: never) => Promise<unknown>>>;

interface Message {
  readonly id: number;
  readonly name: string;
  readonly content: unknown;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

export class Fleet<Known extends Orders> implements AsyncDisposable {
  readonly members: readonly Member<Known>[];

  /** Starts processes that run this file, which calls {@link obey}. */
  constructor(count: number, worker: URL) {
    this.members = Array.from({ length: count }, () => new Member<Known>(worker));
  }

  /** Sends the same order to all at once. Returns the answers in the members' order. */
  all<Name extends keyof Known & string>(
    name: Name,
    content: Parameters<Known[Name]>[0],
  ): Promise<readonly Awaited<ReturnType<Known[Name]>>[]> {
    return Promise.all(this.members.map((member) => member.order(name, content)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
  }
}

export class Member<Known extends Orders> {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #orders = 0;
  #isGone = false;

  constructor(worker: URL) {
    this.#process = fork(fileURLToPath(worker), {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      serialization: "advanced",
    });
    this.#process.on("message", ({ id, result, error }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(error));
    });
    this.#process.on("exit", (code, signal) => {
      this.#isGone = true;
      for (const { reject } of this.#waiting.values())
        reject(new Error(`A process of the fleet ended with ${code ?? signal}.`));
    });
  }

  order<Name extends keyof Known & string>(
    name: Name,
    content: Parameters<Known[Name]>[0],
  ): Promise<Awaited<ReturnType<Known[Name]>>> {
    const id = (this.#orders += 1);
    const answer = Promise.withResolvers<Awaited<ReturnType<Known[Name]>>>();
    // The worker's function of this name returned the answer, but the channel does not know its
    // type.
    this.#waiting.set(id, answer as PromiseWithResolvers<unknown>);
    const message: Message = { id, name, content };
    this.#process.send(message);
    return answer.promise;
  }

  /** Ends the process, whatever it is doing. */
  async stop(): Promise<void> {
    if (this.#isGone) return;
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await gone;
  }
}

/** Makes this process a member of a fleet. It ends when its parent does. */
export function obey(orders: Orders): void {
  process.on("message", ({ id, name, content }: Message) => {
    const order = orders[name];
    const done =
      order === undefined
        ? Promise.reject(new Error(`This process does not know the order ${name}.`))
        : order(content as never);
    done.then(
      (result) => process.send?.({ id, result } satisfies Answer),
      (error: unknown) =>
        process.send?.({
          id,
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        } satisfies Answer),
    );
  });
  process.on("disconnect", () => process.exit());
}
