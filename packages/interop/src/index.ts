/**
 * One token for services on different SDKs: mirrors Lingpai's credential into the keys that others
 * read, or reads theirs.
 *
 * @packageDocumentation
 */
export { mirror } from "./mirror.ts";
export type { Mirror, MirrorOptions } from "./mirror.ts";
export type { Mirrored } from "./mirror-pass.ts";
export type { MirrorEvent } from "./mirror-events.ts";
export { refusedTokenKey } from "./refused-token.ts";
export { adopt } from "./adopt.ts";
export type { AdoptOptions } from "./adopt.ts";
export { withWxjavaLock } from "./wxjava-lock.ts";
export type { WxjavaLockOptions } from "./wxjava-lock.ts";
export { conventions } from "./conventions.ts";
export type { Convention, ConventionName, Encoding, KeyRule } from "./conventions.ts";
export type { Neighbour } from "./target.ts";
export { ioredisRawStore, nodeRedisRawStore } from "./raw-store.ts";
export type { IoredisCaller, NodeRedisCaller, RawStore } from "./raw-store.ts";
export { lendToCoWechatApi } from "./co-wechat-api.ts";
export type { CoWechatApi, CoWechatToken } from "./co-wechat-api.ts";
export { lendToNodeEasywechat } from "./node-easywechat.ts";
export type {
  EasywechatAnswer,
  EasywechatApp,
  EasywechatHttp,
  EasywechatPayload,
} from "./node-easywechat.ts";
export type { Lent } from "./replace-refused.ts";
