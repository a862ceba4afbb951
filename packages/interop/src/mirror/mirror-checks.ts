/**
 * Notices that the platform no longer honours a mirrored token. It probes the platform at intervals
 * and reads the reports of other services.
 */
import type { CancelTimer, Clock, Random } from "@lingpai/core";
import { errorName } from "../store/error-name.ts";
import type { MirrorEvent } from "./mirror-events.ts";
import type { MirroredCredential } from "./mirror-pass.ts";
import type { RawStore } from "../store/raw-store.ts";
import { codeIn, foundAlive, probeTurnKey, refusedTokenKey } from "./refused-token.ts";
import { within } from "../store/within.ts";

export interface ChecksOptions {
  readonly credential: MirroredCredential;
  readonly store: RawStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly storeDeadlineMs: number;
  /** 0: the platform is not asked. */
  readonly probeMs: number;
  /** 0: reports are not read. */
  readonly reportMs: number;
  readonly emit: (event: MirrorEvent) => void;
  readonly signal: AbortSignal;
}

/** By code, because the credential may bring its own copy of core. */
function isUnavailable(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "CREDENTIAL_UNAVAILABLE";
}

/**
 * How long further reports of a token are dropped after the platform called it alive, in ms.
 */
const aliveMs = 5_000;

/**
 * Runs two intervals. All nodes read reports, and the node that removes a report acts on it. One
 * node of the fleet probes the platform: its turn is a key that lapses before that node probes
 * again. A replacement is mirrored as any other commit.
 */
export class MirrorChecks {
  readonly #options: ChecksOptions;
  readonly #cancels = new Set<CancelTimer>();
  readonly #running = new Set<Promise<void>>();

  constructor(options: ChecksOptions) {
    this.#options = options;
  }

  start(): void {
    const { probeMs, reportMs } = this.#options;
    if (this.#cancels.size > 0) return;
    // A little early, so that probe, replacement and write are done within probeMs.
    if (probeMs > 0) this.#every(probeMs * 0.9, () => this.#probe());
    if (reportMs > 0) this.#every(reportMs, () => this.#readReport());
  }

  async close(): Promise<void> {
    for (const cancel of this.#cancels) cancel();
    await Promise.all(this.#running);
  }

  #every(ms: number, work: () => Promise<void>): void {
    const { clock, random, signal } = this.#options;
    let cancel: CancelTimer = () => {};
    const turn = (): void => {
      const running = work()
        .catch((error: unknown) => this.#failed(error))
        .finally(() => {
          this.#running.delete(running);
          if (!signal.aborted) arm(0.9 + random.next() / 10);
        });
      this.#running.add(running);
    };
    const arm = (share: number): void => {
      cancel = clock.setTimer(ms * share, turn, { background: true });
    };
    this.#cancels.add(() => cancel());
    arm(random.next());
  }

  async #probe(): Promise<void> {
    const { credential, probeMs, store, signal } = this.#options;
    const present = credential.peek();
    if (present === undefined) return;
    const isOurTurn = await this.#atStore(() =>
      store.setIfAbsent(probeTurnKey(present.reveal()), "1", Math.floor(probeMs * 0.8)),
    );
    if (!isOurTurn) return;
    const found = await credential.check({ signal });
    if (found === "replaced") this.#options.emit({ type: "checked", cause: "probe", found });
  }

  async #readReport(): Promise<void> {
    const { credential, store, signal, emit } = this.#options;
    const present = credential.peek();
    if (present === undefined) return;
    const key = refusedTokenKey(present.reveal());
    const report = await this.#atStore(() => store.get(key));
    if (report === undefined || report === foundAlive) return;
    if (!(await this.#atStore(() => store.deleteIf(key, report)))) return;
    const platformCode = codeIn(report);
    const found = await credential.check({ signal });
    if (found === "alive") await this.#atStore(() => store.set(key, foundAlive, aliveMs));
    emit({ type: "checked", cause: "report", found, platformCode });
  }

  /** The passes of the mirror report a store that is down. */
  #failed(error: unknown): void {
    if (this.#options.signal.aborted || !isUnavailable(error)) return;
    this.#options.emit({
      type: "mirror-failed",
      step: "credential",
      error: errorName(error),
      retryMs: this.#options.reportMs,
    });
  }

  #atStore<T>(work: () => Promise<T>): Promise<T> {
    const { clock, storeDeadlineMs } = this.#options;
    return within(clock, storeDeadlineMs, (async () => work())());
  }
}
