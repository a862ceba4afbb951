/** The options of a configuration, and the interface of one that is open. */
import type { Clock, Random } from "@lingpai/core";
import type { Config } from "../config.ts";
import type { ConfigEvent } from "./events.ts";
import type { Problem } from "../problem.ts";
import type { SnapshotOptions } from "./snapshot.ts";
import type { ConfigSource } from "../source.ts";

export interface ConfigOptions {
  /** The sources. Later ones override earlier ones, value by value. */
  readonly sources: readonly ConfigSource[];
  /**
   * The environment of this process: 1 to 64 of `A-Za-z0-9._-`.
   * @defaultValue the variable `LINGPAI_ENVIRONMENT`
   */
  readonly environment?: string;
  /** How long one source may take to answer, in ms, from 1. @defaultValue 5_000 */
  readonly sourceDeadlineMs?: number;
  /**
   * How long a source must be quiet before its change is read, in ms, from 0. Editors and volume
   * mounts write in several steps. @defaultValue 300
   */
  readonly debounceMs?: number;
  /**
   * Keeps the last settings of configuration centres on disk, so that a process can start while one
   * is down.
   * @defaultValue none is kept, and a centre that is down stops the start
   */
  readonly snapshot?: SnapshotOptions;
  /**
   * Hosts that may receive an app's secret beside the platform's own: `"proxy.example.com"` or
   * `"proxy.example.com:8443"`. It is needed for a `baseUrl` from a source that is trusted less
   * than the secret's. The order of trust is code, mounted secrets, files, variables, centres.
   * @defaultValue []
   */
  readonly allowedHosts?: readonly string[];
  /** Called for each event, from the first on. */
  readonly onEvent?: (event: ConfigEvent) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** The state of one source. */
export interface SourceStatus {
  readonly name: string;
  /**
   * When its present settings were read, in ms since the Unix epoch. For a snapshot, when it was
   * taken.
   */
  readonly readAtMs: number;
  /** True while a snapshot on disk is used in its place. */
  readonly isSnapshot: boolean;
  /**
   * `none`: the source never changes. `failing`: until it works again, changes are noticed late or
   * never.
   */
  readonly watch: "none" | "starting" | "listening" | "failing";
  /** Its problems and their remedies. */
  readonly problems: readonly string[];
}

/** An open configuration: its present values, its events, and the state of its sources. */
export interface LiveConfig {
  /** The last good configuration. A new object after each change; compare with `===`. */
  readonly current: Config;
  /** The state of each source, in their order. */
  readonly status: readonly SourceStatus[];
  /**
   * Reads all sources now. Resolves with their problems; an empty list means that the configuration
   * in force equals the sources.
   *
   * @throws {ClosedError} it is closed.
   */
  reload(): Promise<readonly Problem[]>;
  /**
   * Reads all sources, unless a read began less than a second ago, and returns the configuration
   * that is then in force. Use it for values that must not be old. It waits a second at most;
   * slower sources come into force later.
   */
  fresh(): Promise<Config>;
  /**
   * Calls `listener` for each later event until the returned function is called. An error of the
   * listener affects nobody else.
   */
  watch(listener: (event: ConfigEvent) => void): () => void;
  /** Ends all watches and timers. The last configuration can still be read. */
  close(): Promise<void>;
}
