/** What the adoption bench and its processes say to each other. */

export type AdoptionOrders = {
  /** Connects, and listens to the bare notifications too. */
  readonly connect: (url: string) => Promise<void>;
  /** Obtains this credential, and gives up the one before. */
  readonly join: (key: string) => Promise<void>;
  /** Replaces the credential. */
  readonly replace: (nothing: undefined) => Promise<Change>;
  /**
   * Without Lingpai: writes a value of this size and tells the others of it, by commands of one
   * round trip.
   */
  readonly announce: (change: { number: number; bytes: number }) => Promise<Change>;
  /**
   * Waits until this process has that change or a later one; gives when it had it, by the machine's
   * clock.
   */
  readonly arrived: (change: { kind: ChangeKind; number: number }) => Promise<number>;
};

/** `credential`: replaced by Lingpai. `bare`: SET and PUBLISH there, the message and GET here. */
export type ChangeKind = "credential" | "bare";

export interface Change {
  readonly number: number;
  /**
   * When storing it began, by the machine's clock. For a credential: when the platform's answer was
   * there.
   */
  readonly begunWallMs: number;
}
