/**
 * One token for services on different SDKs: mirrors Lingpai's credential into the keys that others
 * read, or reads theirs.
 *
 * @packageDocumentation
 */
export { mirror } from "./mirror/mirror.ts";
export type { Mirror, MirrorOptions } from "./mirror/mirror.ts";
export type { MirroredCredential } from "./mirror/mirror-pass.ts";
export type { MirrorEvent } from "./mirror/mirror-events.ts";
export { refusedTokenKey } from "./mirror/refused-token.ts";
export { adopt } from "./adopt.ts";
export type { AdoptOptions } from "./adopt.ts";
export { withWxjavaLock } from "./wxjava-lock.ts";
export type { WxjavaLockOptions } from "./wxjava-lock.ts";
export { conventions } from "./conventions/conventions.ts";
export type { Convention, ConventionName, Encoding, KeyRule } from "./conventions/conventions.ts";
export type { Target } from "./conventions/target.ts";
export { ioredisRawStore, nodeRedisRawStore } from "./store/raw-store.ts";
export type { IoredisCaller, NodeRedisCaller, RawStore } from "./store/raw-store.ts";
export { patchCoWechatApi } from "./clients/co-wechat-api.ts";
export type { CoWechatApi, CoWechatToken } from "./clients/co-wechat-api.ts";
export { patchNodeEasywechat } from "./clients/node-easywechat.ts";
export type {
  EasywechatAnswer,
  EasywechatApp,
  EasywechatHttp,
  EasywechatPayload,
} from "./clients/node-easywechat.ts";
export type { SharedCredential } from "./clients/replace-refused.ts";
