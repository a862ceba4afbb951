/** What happens to a configuration, as past-tense facts. */

export interface ConfigEventContext {
  readonly environment: string;
  /** This node's wall clock in ms since the Unix epoch: a label, not an order. */
  readonly atMs: number;
}

/** What each type of event carries beside its context. No value is in it. */
export interface ConfigEventData {
  /** The first configuration is in force. */
  loaded: {
    /** The names of the sources, the first overridden by all others. */
    readonly sources: readonly string[];
  };
  /** A newer configuration is in force. */
  reloaded: {
    /**
     * The settings that were added, removed or given another value: `["apps.main.secret"]`. Empty
     * when something that was wrong is right again.
     */
    readonly changed: readonly string[];
    /** Where the changed ones stand now. */
    readonly places: readonly string[];
  };
  /**
   * What was read cannot be used, or could not be read: the last good configuration stays in force.
   * Told once for the same problems.
   */
  kept: {
    /** What is wrong, where, and what to do. */
    readonly problems: readonly string[];
  };
  /**
   * A configuration centre could not be read at the start: its snapshot on disk is in force until
   * it can.
   */
  "snapshot-used": {
    readonly source: string;
    /**
     * How long ago the snapshot was known to be what the centre says, in ms by this machine's
     * clock.
     */
    readonly ageMs: number;
    readonly problems: readonly string[];
  };
  /**
   * A source does not tell of its changes any more. It is tried again; told once until it works.
   */
  "watch-failed": {
    readonly source: string;
    readonly problems: readonly string[];
  };
  /** A source whose watch had failed tells of its changes again. */
  "watch-recovered": {
    readonly source: string;
    /** How long it did not, in ms. */
    readonly forMs: number;
  };
}

export type ConfigEventType = keyof ConfigEventData;

/** One event; `ConfigEvent<"kept">` is one of that type. */
export type ConfigEvent<Type extends ConfigEventType = ConfigEventType> = {
  readonly [T in Type]: { readonly type: T } & ConfigEventContext & ConfigEventData[T];
}[Type];

/** How loudly to log each type. */
export const configEventSeverity: Readonly<Record<ConfigEventType, "info" | "warn" | "error">> = {
  loaded: "info",
  reloaded: "info",
  kept: "error",
  "snapshot-used": "warn",
  "watch-failed": "warn",
  "watch-recovered": "info",
};
