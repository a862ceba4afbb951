/** The orders to the processes of a fleet of two versions. Both versions run this file. */
import type { Orders } from "../fleet.ts";

export interface SkewSpec {
  readonly redisUrl: string;
  readonly platformUrl: string;
  readonly appId: string;
  readonly secret: string;
  readonly node: string;
}

export interface SkewReport {
  readonly calls: number;
  readonly failed: number;
  /** The first failure, in words. */
  readonly failure: string | undefined;
  /** The events which report that a document was not understood. */
  readonly misread: readonly string[];
}

export interface SkewOrders extends Orders {
  join(spec: SkewSpec): Promise<void>;
  /** Ends the calls, closes the client, and reports. */
  leave(): Promise<SkewReport>;
  report(): Promise<SkewReport>;
}
