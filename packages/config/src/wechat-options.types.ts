/**
 * Compiles only if the configured options fit `wechat()`, and the sources fit the clients that they
 * are made for.
 */
import type { Cache, Lock } from "@lingpai/core";
import type { WechatOptions } from "@lingpai/wechat";
import type { RedisClientType } from "@redis/client";
import type { Redis } from "ioredis";
import type { AppOptions } from "./app-options.ts";
import type { AppConfig } from "./config.ts";
import type { AppInput, SectionInput, ServerInput } from "./define-config.ts";
import type { AppSection, Section, SealingSection, StoreSection } from "./schema/schema.ts";
import type { ServerSection, TlsSection, WebhookSection } from "./schema/server-section.ts";
import type { RedisReader } from "./sources/stores/redis.ts";

type Expect<T extends true> = T;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Store = NonNullable<SectionInput["store"]>;

/** What an application writes: the options of an app, and a store. */
export type Fits = Expect<
  AppOptions & { readonly cache: Cache; readonly lock: Lock } extends WechatOptions ? true : false
>;

/** Every option belongs to `wechat()`, and has its type. */
export type Known = Expect<keyof AppOptions extends keyof WechatOptions ? true : false>;
export type Typed = Expect<AppOptions extends Pick<WechatOptions, keyof AppOptions> ? true : false>;

/** A configuration in code can have exactly the settings of the schema. */
export type SameAppNames = Expect<Same<keyof AppInput, keyof AppSection>>;
export type SameConfigNames = Expect<Same<keyof AppConfig, keyof AppSection>>;
export type SameSectionNames = Expect<Same<keyof SectionInput, keyof Section>>;
export type SameStoreNames = Expect<Same<keyof Store, keyof StoreSection>>;
export type SameSealingNames = Expect<
  Same<keyof NonNullable<Store["sealing"]>, keyof SealingSection>
>;
export type SameServerNames = Expect<Same<keyof ServerInput, keyof ServerSection>>;
export type SameTlsNames = Expect<Same<keyof NonNullable<ServerInput["tls"]>, keyof TlsSection>>;
export type SameWebhookNames = Expect<
  Same<keyof NonNullable<ServerInput["webhooks"]>[string], keyof WebhookSection>
>;

export type Ioredis = Expect<Redis extends RedisReader ? true : false>;
export type NodeRedis = Expect<RedisClientType extends RedisReader ? true : false>;
