/**
 * What a source of configuration is. Those of this package and your own have the same interface.
 */
import type { Clock, Random } from "@lingpai/core";
import type { Setting } from "./setting.ts";

/**
 * For whom the settings outside `environments` hold: `all` environments that the configuration
 * names, or this process's `environment` alone. What stands under `environments.<name>` holds for
 * that environment in either case.
 */
export type Scope = "all" | "environment";

/**
 * How far a source may be trusted with where secrets are sent, the most first. An address of the
 * platform (`baseUrl`) is taken from a source only if it is trusted more than the one that gives
 * the secret, or is the same one.
 */
export const trustOrder = ["code", "secrets", "files", "variables", "centres"] as const;
export type Trust = (typeof trustOrder)[number];

/**
 * Gives settings, and may tell when they have changed. Later sources override earlier ones, value
 * by value.
 */
export interface ConfigSource {
  /** Names it in errors and events: `file lingpai.yaml`. Holds no secret. */
  readonly name: string;
  /** @defaultValue "all" */
  readonly scope?: Scope;
  /** @defaultValue "centres", the least */
  readonly trust?: Trust;
  /** Whether it is kept on disk when the configuration has a `snapshot`. @defaultValue false */
  readonly isRemote?: boolean;
  /**
   * Everything that the source holds now. An absent optional file is an empty list; a source that
   * cannot be read throws, and its last good settings stay in force. Its errors are shown: their
   * text holds no secret.
   *
   * @throws {InvalidConfigError} it was read and is malformed; each problem names its place.
   */
  load(context: SourceContext): Promise<readonly Setting[]>;
  /**
   * Calls `changed` when the settings may have changed, and once when it has begun to listen, until
   * the signal aborts; then settles with nothing left behind. It may be called too often but not
   * too rarely. When it throws it is started again, after a pause that grows.
   */
  watch?(context: WatchContext): Promise<void>;
}

export interface SourceContext {
  /** Which environment this process belongs to. */
  readonly environment: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export interface WatchContext extends SourceContext {
  changed(): void;
}
