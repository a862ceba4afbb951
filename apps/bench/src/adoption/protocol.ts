/** The messages between the adoption bench and its processes. */

export type AdoptionOrders = {
  /** Connects, and also subscribes to the bare notifications. */
  readonly connect: (url: string) => Promise<void>;
  /** Obtains this credential, and closes the previous one. */
  readonly join: (key: string) => Promise<void>;
  /** Replaces the credential. */
  readonly replace: (nothing: undefined) => Promise<Change>;
  /** Without Lingpai: writes a value of this size and publishes it, in one round trip. */
  readonly announce: (change: { number: number; bytes: number }) => Promise<Change>;
  /**
   * Waits until this process has that change or a later one. Resolves to the time of its arrival,
   * by the machine's clock.
   */
  readonly arrived: (change: { kind: ChangeKind; number: number }) => Promise<number>;
};

/**
 * `credential`: replaced by Lingpai. `bare`: SET and PUBLISH by the writer, the message and GET by
 * the reader.
 */
export type ChangeKind = "credential" | "bare";

export interface Change {
  readonly number: number;
  /**
   * When the write began, by the machine's clock. For a credential: when the platform's answer had
   * arrived.
   */
  readonly begunWallMs: number;
}
