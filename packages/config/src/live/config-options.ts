/** How a configuration is opened, and what is then known of it. */
import type { Clock, Random } from "@lingpai/core";
import type { Config } from "../config.ts";
import type { ConfigEvent } from "./events.ts";
import type { Problem } from "../problem.ts";
import type { SnapshotOptions } from "./snapshot.ts";
import type { ConfigSource } from "../source.ts";

export interface ConfigOptions {
  /** Where the configuration comes from; later sources override earlier ones, value by value. */
  readonly sources: readonly ConfigSource[];
  /**
   * Which environment this process belongs to: 1 to 64 of `A-Za-z0-9._-`. @defaultValue the
   * variable `LINGPAI_ENVIRONMENT`
   */
  readonly environment?: string;
  /** How long one source may take to answer, in ms, from 1. @defaultValue 5_000 */
  readonly sourceDeadlineMs?: number;
  /**
   * How long a source must be quiet before a change of it is read, in ms, from 0: editors and
   * volume mounts write in several steps. @defaultValue 300
   */
  readonly debounceMs?: number;
  /**
   * Keeps what configuration centres gave last on disk, so that a process can start while one is
   * down.
   * @defaultValue none is kept, and a centre that is down stops the start
   */
  readonly snapshot?: SnapshotOptions;
  /**
   * Hosts that an app's secret may be sent to beside the platform's own, as `"proxy.example.com"`
   * or `"proxy.example.com:8443"`. For a `baseUrl` from a source that is trusted less than the
   * secret's: code, mounted secrets, files, variables, centres. @defaultValue []
   */
  readonly allowedHosts?: readonly string[];
  /** Called with each event, from the first on. */
  readonly onEvent?: (event: ConfigEvent) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** How it stands with one source. */
export interface SourceStatus {
  readonly name: string;
  /**
   * When its settings in force were read, in ms since the Unix epoch; of a snapshot, when it was
   * taken.
   */
  readonly readAtMs: number;
  /** Whether a snapshot on disk stands in for it. */
  readonly isSnapshot: boolean;
  /**
   * `none`: it never changes. `failing`: changes are seen late or not at all until it works again.
   */
  readonly watch: "none" | "starting" | "listening" | "failing";
  /** What is wrong with it, and what to do. */
  readonly problems: readonly string[];
}

/** The configuration in force, and what happens to it. */
export interface LiveConfig {
  /** The last good configuration. A new object after each change; compare with `===`. */
  readonly current: Config;
  /** How it stands with each source, in their order. */
  readonly status: readonly SourceStatus[];
  /**
   * Reads all sources now. Resolves with what is wrong with them; empty when the configuration in
   * force is what they say.
   *
   * @throws {ClosedError} it is closed.
   */
  reload(): Promise<readonly Problem[]>;
  /**
   * Reads all sources, unless that was begun less than a second ago, and gives what is then in
   * force. For values that must not be old. Waits a second at most: sources that take longer come
   * into force later.
   */
  fresh(): Promise<Config>;
  /**
   * Calls `listener` for each later event until the returned function is called. A throwing
   * listener harms nobody.
   */
  watch(listener: (event: ConfigEvent) => void): () => void;
  /** Ends all watches and timers. The last configuration can still be read. */
  close(): Promise<void>;
}
