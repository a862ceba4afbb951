/**
 * Asks the platform whether a credential is alive: before it is replaced because of a complaint,
 * and before a call uses one that is in doubt.
 */
import { IssueError } from "../errors.ts";
import type { Secret } from "../secret.ts";
import type { Closing } from "../time/closing.ts";
import { delay } from "../time/time.ts";
import { waitFor } from "../time/wait.ts";
import type { FleetNode } from "../fleet/node.ts";

type Verdict = "alive" | "dead" | "unknown";

/** A caller waits for it, so it is given less time than a fetch. */
const deadlineMaxMs = 3_000;
/**
 * A missing answer proves nothing about a credential. The question is repeated, after an answer
 * without a verdict or after this silence, up to this many times.
 */
const questionsMax = 3;
const silenceMs = 1_000;
const pauseMs = 100;

/** The probes in flight, by node and fingerprint. */
const asked = new WeakMap<FleetNode, Map<string, Promise<Verdict>>>();

/**
 * Shares one probe among all callers that report the same credential meanwhile. The probes in
 * flight are kept per node, so instances are made for each use and not kept.
 */
export class Probe {
  readonly #node: FleetNode;
  readonly #closing: Closing;

  constructor(node: FleetNode, closing: Closing) {
    this.#node = node;
    this.#closing = closing;
  }

  /** True when the issuer can ask. */
  get canAsk(): boolean {
    return this.#node.context.issuer.probe !== undefined;
  }

  /**
   * Resolves to the platform's verdict, or to `unknown` when it gives none or cannot be asked.
   * `alive` always answers a question that was asked after this call.
   */
  async verdict(secret: Secret, signal?: AbortSignal): Promise<Verdict> {
    if (!this.canAsk) return "unknown";
    return this.#closing.during(async (closing) => {
      const signals = { signals: [signal, closing] };
      const running = this.#askingFor(secret);
      const found = running && (await waitFor(running, signals));
      // It may have died between that question and this complaint.
      if (found === "dead" || found === "unknown") return found;
      return waitFor(this.#askingFor(secret) ?? this.#ask(secret), signals);
    });
  }

  #askingFor({ fingerprint }: Secret): Promise<Verdict> | undefined {
    return asked.get(this.#node)?.get(fingerprint);
  }

  #ask(secret: Secret): Promise<Verdict> {
    const { clock, issuer, parameters } = this.#node.context;
    const { fingerprint } = secret;
    const abort = new AbortController();
    const ms = Math.min(deadlineMaxMs, parameters.fetchDeadlineMs);
    const late = new IssueError(
      "unknown",
      `The probe of "${issuer.id}" was not answered within ${ms} ms (fetchDeadlineMs, and at most ${deadlineMaxMs}).`,
    );
    const answer = this.#questions(secret, abort.signal);
    const ofNode = asked.get(this.#node) ?? new Map<string, Promise<Verdict>>();
    asked.set(this.#node, ofNode);
    const asking = this.#closing
      .during((closing) =>
        waitFor(answer, {
          deadline: { clock, ms, onLate: (): Verdict => "unknown" },
          signals: [closing],
        }),
      )
      .catch((): Verdict => "unknown")
      .finally(() => {
        abort.abort(late);
        ofNode.delete(fingerprint);
        if (ofNode.size === 0) asked.delete(this.#node);
      });
    ofNode.set(fingerprint, asking);
    return asking;
  }

  /** Resolves to the first verdict. A late answer still counts while the question is repeated. */
  async #questions(secret: Secret, signal: AbortSignal): Promise<Verdict> {
    const { clock, issuer } = this.#node.context;
    const decided = Promise.withResolvers<Verdict>();
    const put = async (): Promise<"unknown"> => {
      const found = await (async () => issuer.probe?.(secret, signal))().catch(() => undefined);
      if (found === "alive" || found === "dead") decided.resolve(found);
      return "unknown";
    };
    const questions: Promise<"unknown">[] = [];
    while (questions.length < questionsMax && !signal.aborted) {
      const question = put();
      questions.push(question);
      const found = await waitFor<Verdict | undefined>(Promise.race([decided.promise, question]), {
        deadline: { clock, ms: silenceMs, onLate: () => undefined },
        signals: [signal],
      });
      if (found === "alive" || found === "dead") return found;
      if (found === "unknown" && questions.length < questionsMax)
        await delay(clock, pauseMs, signal);
    }
    return Promise.race([decided.promise, Promise.all(questions).then((): Verdict => "unknown")]);
  }
}
