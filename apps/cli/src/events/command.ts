/** `lingpai events`: prints the token servers' stored events, and follows new ones. */
import { ConfigurationError } from "@lingpai/core";
import { eventLog } from "@lingpai/event-log";
import type { LogEntry } from "@lingpai/event-log";
import { exitCodes, guarded } from "../shared/exit-code.ts";
import type { ExitCode } from "../shared/exit-code.ts";
import type { Output } from "../shared/output.ts";
import { openNamedStore } from "../shared/settings.ts";
import type { StoreFlags } from "../shared/settings.ts";

export interface EventsFlags extends StoreFlags {
  readonly json?: true;
  /** Only this credential's. */
  readonly ref?: string;
  /** Starts after this event. */
  readonly after?: string;
  /** False: prints the stored events, and ends. */
  readonly follow: boolean;
}

/** The streams that a token server writes: all events, and those of one credential. */
const streamOf = (ref: string | undefined): string =>
  ref === undefined ? "fleet" : `credential:${ref.slice(0, 900)}`;

/** Resolves when all is printed. With `follow`, resolves when the signal aborts. */
export function runEvents(
  flags: EventsFlags,
  output: Output,
  signal: AbortSignal,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ExitCode> {
  return guarded(output, async () => {
    const { environment } = flags;
    if (environment === undefined)
      throw new ConfigurationError("Name the servers' environment: --environment.");
    const { store } = await openNamedStore(flags, env);
    const log = eventLog({ cache: store.cache.withPrefix(environment) });
    try {
      const stream = streamOf(flags.ref);
      const print = (entries: readonly LogEntry[]): void => {
        for (const entry of entries) output.out(flags.json ? JSON.stringify(entry) : words(entry));
      };
      let { after } = flags;
      for (;;) {
        const page = await log.read(stream, { after });
        print(page.entries);
        after = page.position;
        if (!page.hasMore) break;
      }
      if (after === undefined) output.err("Nothing is noted yet. Token servers write this log.");
      if (flags.follow && !signal.aborted) {
        const follower = log.follow(stream, { after, onEntries: print });
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        follower.stop();
      }
      return exitCodes.healthy;
    } finally {
      await log.close();
      await store.close();
    }
  });
}

function words(entry: LogEntry): string {
  if (entry.kind === "gap") return `… events are missing here (${entry.cause})`;
  const { ref, type, ...rest } = entry.event;
  const details = Object.entries(rest)
    .filter(([name, value]) => value !== undefined && !["id", "environment"].includes(name))
    .map(([name, value]) => `${name}=${String(value)}`);
  const at = new Date(entry.atMs).toISOString();
  return [at, type.padEnd(18), String(ref ?? ""), ...details].join("  ");
}
