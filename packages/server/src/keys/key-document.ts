/** The keys as they are stored: one document, which contains the text of no key. */
import { z } from "zod";

export const rights = ["read", "reject", "refresh", "revoke", "admin"] as const;
export type Right = (typeof rights)[number];

/** The SDKs whose margin the façade knows. See `sdkMargins`. */
export const sdkNames = [
  "silenceper/wechat",
  "wxjava/mp",
  "wxjava/ma",
  "easywechat",
  "powerwechat",
  "wechatpy",
  "node-easywechat",
  "co-wechat-api",
] as const;
export type SdkName = (typeof sdkNames)[number];

/** The stored record of a key. */
export interface KeyRecord {
  readonly id: string;
  readonly hash: string;
  readonly name: string;
  readonly rights: readonly Right[];
  /** The references that it may use. `*` stands for all. */
  readonly refs: readonly string[];
  readonly perSecond: number;
  readonly sdk?: SdkName | undefined;
  readonly createdAtMs: number;
  readonly revokedAtMs?: number | undefined;
}

export interface KeyDocument {
  readonly v: 1;
  readonly keys: readonly KeyRecord[];
}

export const keyRecord: z.ZodType<KeyRecord> = z.object({
  id: z.string().regex(/^[a-z0-9]{10}$/),
  hash: z.string().length(43),
  name: z.string().min(1).max(100),
  rights: z.array(z.enum(rights)),
  refs: z.array(z.string().min(1).max(1_024)).max(1_000),
  perSecond: z.number().positive().max(1_000_000),
  sdk: z.enum(sdkNames).optional(),
  createdAtMs: z.number(),
  revokedAtMs: z.number().optional(),
});

export const keyDocument: z.ZodType<KeyDocument> = z.object({
  v: z.literal(1),
  keys: z.array(keyRecord).max(10_000),
});
