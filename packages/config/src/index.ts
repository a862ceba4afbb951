/**
 * Configuration per environment from files, variables, mounted secrets and configuration centres,
 * with live reload.
 *
 * @packageDocumentation
 */
export { defineConfig } from "./define-config.ts";
export type { AppInput, ConfigInput, SectionInput, ServerInput } from "./define-config.ts";
export { loadConfig, openConfig } from "./live/open-config.ts";
export type { ConfigOptions, LiveConfig, SourceStatus } from "./live/config-options.ts";
export type { SnapshotOptions } from "./live/snapshot.ts";
export type {
  AppConfig,
  Config,
  ConfigValue,
  ServerConfig,
  StoreConfig,
  WebhookConfig,
} from "./config.ts";
export { configEventSeverity } from "./live/events.ts";
export type {
  ConfigEvent,
  ConfigEventContext,
  ConfigEventData,
  ConfigEventType,
} from "./live/events.ts";
export { InvalidConfigError, problemText } from "./problem.ts";
export type { Problem } from "./problem.ts";
export { appOptions, inStore } from "./app-options.ts";
export type { AppOptions } from "./app-options.ts";
export { fields } from "./schema/schema.ts";
export type { Field, FieldNote } from "./schema/schema.ts";
export { variableOf, variableTable } from "./schema/variable-names.ts";
export type { Setting } from "./setting.ts";
export type { ConfigSource, Scope, SourceContext, Trust, WatchContext } from "./source.ts";
export { objectSource, settingsOf } from "./sources/object.ts";
export type { ObjectSourceOptions } from "./sources/object.ts";
export { parseDocument } from "./sources/document.ts";
export type { DocumentFormat } from "./sources/document.ts";
export { variableSource } from "./sources/files/variables.ts";
export type { VariableSourceOptions } from "./sources/files/variables.ts";
export { fileSource } from "./sources/files/file.ts";
export type { FileSourceOptions } from "./sources/files/file.ts";
export { secretsDirectorySource } from "./sources/files/secrets-directory.ts";
export type { SecretsDirectoryOptions } from "./sources/files/secrets-directory.ts";
export { redisSource } from "./sources/stores/redis.ts";
export type { RedisReader, RedisSourceOptions } from "./sources/stores/redis.ts";
export { cacheSource } from "./sources/stores/cache.ts";
export type { CacheSourceOptions } from "./sources/stores/cache.ts";
export { etcdSource } from "./sources/centres/etcd.ts";
export type { EtcdSourceOptions } from "./sources/centres/etcd.ts";
export { nacosSource } from "./sources/centres/nacos.ts";
export type { NacosSourceOptions } from "./sources/centres/nacos.ts";
export { apolloSource } from "./sources/centres/apollo.ts";
export type { ApolloSourceOptions } from "./sources/centres/apollo.ts";
export type { Fetch } from "./sources/centres/http.ts";
export type { NameOption, SourceSecret } from "./sources/source-options.ts";
