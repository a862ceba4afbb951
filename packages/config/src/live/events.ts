/** The events of a configuration, as past-tense facts. */

export interface ConfigEventContext {
  readonly environment: string;
  /** This node's wall clock in ms since the Unix epoch: a label, not an order. */
  readonly atMs: number;
}

/** The data of each type of event beside its context. It contains no value of a setting. */
export interface ConfigEventData {
  /** The first configuration is in force. */
  loaded: {
    /** The names of the sources, the first overridden by all others. */
    readonly sources: readonly string[];
  };
  /** A newer configuration is in force. */
  reloaded: {
    /**
     * The settings that were added, removed or changed: `["apps.main.secret"]`. Empty if a problem
     * was solved without a change.
     */
    readonly changed: readonly string[];
    /** The present places of the changed settings. */
    readonly places: readonly string[];
  };
  /**
   * The sources could not be read, or cannot be used. The last good configuration stays in force.
   * The same problems are reported once.
   */
  kept: {
    /** The problems with their places and remedies. */
    readonly problems: readonly string[];
  };
  /**
   * A configuration centre could not be read at the start. Its snapshot on disk is used until it
   * can be read.
   */
  "snapshot-used": {
    readonly source: string;
    /**
     * The time since the snapshot was last known to equal the centre, in ms by this machine's
     * clock.
     */
    readonly ageMs: number;
    readonly problems: readonly string[];
  };
  /**
   * A source no longer reports its changes. Its watch is started again; this is reported once until
   * it works.
   */
  "watch-failed": {
    readonly source: string;
    readonly problems: readonly string[];
  };
  /** A source whose watch had failed reports its changes again. */
  "watch-recovered": {
    readonly source: string;
    /** How long the watch had failed, in ms. */
    readonly forMs: number;
  };
}

export type ConfigEventType = keyof ConfigEventData;

/** One event; `ConfigEvent<"kept">` is one of that type. */
export type ConfigEvent<Type extends ConfigEventType = ConfigEventType> = {
  readonly [T in Type]: { readonly type: T } & ConfigEventContext & ConfigEventData[T];
}[Type];

/** The log level of each type. */
export const configEventSeverity: Readonly<Record<ConfigEventType, "info" | "warn" | "error">> = {
  loaded: "info",
  reloaded: "info",
  kept: "error",
  "snapshot-used": "warn",
  "watch-failed": "warn",
  "watch-recovered": "info",
};
