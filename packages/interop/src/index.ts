/**
 * One token for services on different SDKs: mirrors Lingpai's credential into the keys that others
 * read, or reads theirs.
 *
 * @packageDocumentation
 */
export { mirror } from "./mirror/mirror.ts";
export type { Mirror, MirrorOptions } from "./mirror/mirror.ts";
export type { Mirrored } from "./mirror/mirror-pass.ts";
export type { MirrorEvent } from "./mirror/mirror-events.ts";
export { refusedTokenKey } from "./mirror/refused-token.ts";
export { adopt } from "./adopt.ts";
export type { AdoptOptions } from "./adopt.ts";
export { withWxjavaLock } from "./wxjava-lock.ts";
export type { WxjavaLockOptions } from "./wxjava-lock.ts";
export { conventions } from "./conventions/conventions.ts";
export type { Convention, ConventionName, Encoding, KeyRule } from "./conventions/conventions.ts";
export type { Neighbour } from "./conventions/target.ts";
export { ioredisRawStore, nodeRedisRawStore } from "./store/raw-store.ts";
export type { IoredisCaller, NodeRedisCaller, RawStore } from "./store/raw-store.ts";
export { lendToCoWechatApi } from "./clients/co-wechat-api.ts";
export type { CoWechatApi, CoWechatToken } from "./clients/co-wechat-api.ts";
export { lendToNodeEasywechat } from "./clients/node-easywechat.ts";
export type {
  EasywechatAnswer,
  EasywechatApp,
  EasywechatHttp,
  EasywechatPayload,
} from "./clients/node-easywechat.ts";
export type { Lent } from "./clients/replace-refused.ts";
