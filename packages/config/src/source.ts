/**
 * The interface of a source of configuration. The sources of this package and your own share it.
 */
import type { Clock, Random } from "@lingpai/core";
import type { Setting } from "./setting.ts";

/**
 * The environments to which the settings outside `environments` apply: `all` that the configuration
 * names, or this process's `environment` only. Settings under `environments.<name>` apply to that
 * environment in either case.
 */
export type Scope = "all" | "environment";

/**
 * How far a source is trusted to decide where secrets are sent, most trusted first. A platform
 * address (`baseUrl`) is accepted only from the source that gives the secret, or from one that is
 * trusted more.
 */
export const trustOrder = ["code", "secrets", "files", "variables", "centres"] as const;
export type Trust = (typeof trustOrder)[number];

/**
 * Returns settings, and may report when they have changed. Later sources override earlier ones,
 * value by value.
 */
export interface ConfigSource {
  /** Its name in errors and events: `file lingpai.yaml`. Contains no secret. */
  readonly name: string;
  /** @defaultValue "all" */
  readonly scope?: Scope;
  /** @defaultValue "centres", the least */
  readonly trust?: Trust;
  /** True keeps a copy on disk if the configuration has a `snapshot`. @defaultValue false */
  readonly isRemote?: boolean;
  /**
   * Returns all settings of the source. An absent optional file is an empty list. A source that
   * cannot be read throws, and its last good settings stay in force. Error texts are shown, so they
   * must contain no secret.
   *
   * @throws {InvalidConfigError} the source was read and is malformed. Each problem names its
   *   place.
   */
  load(context: SourceContext): Promise<readonly Setting[]>;
  /**
   * Calls `changed` once when it has begun to listen, and whenever the settings may have changed.
   * Calls that turn out to be needless are allowed; a missed one is not. When the signal aborts, it
   * releases everything and settles. When it throws, it is started again after a growing pause.
   */
  watch?(context: WatchContext): Promise<void>;
}

export interface SourceContext {
  /** The environment of this process. */
  readonly environment: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborts when nobody waits for the result any more. */
  readonly signal: AbortSignal;
}

export interface WatchContext extends SourceContext {
  changed(): void;
}
