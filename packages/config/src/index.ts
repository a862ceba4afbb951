/**
 * Configuration per environment from files, variables, mounted secrets and configuration centres,
 * with live reload.
 *
 * @packageDocumentation
 */
export { defineConfig } from "./define-config.ts";
export type { AppInput, ConfigInput, SectionInput } from "./define-config.ts";
export { loadConfig, openConfig } from "./open-config.ts";
export type { ConfigOptions, LiveConfig, SourceStatus } from "./config-options.ts";
export type { SnapshotOptions } from "./snapshot.ts";
export type { AppConfig, Config, ConfigValue, StoreConfig } from "./config.ts";
export { configEventSeverity } from "./events.ts";
export type {
  ConfigEvent,
  ConfigEventContext,
  ConfigEventData,
  ConfigEventType,
} from "./events.ts";
export { InvalidConfigError, problemText } from "./problem.ts";
export type { Problem } from "./problem.ts";
export { appOptions, inStore } from "./app-options.ts";
export type { AppOptions } from "./app-options.ts";
export { fields } from "./schema.ts";
export type { Field, FieldNote } from "./schema.ts";
export { variableOf, variableTable } from "./variables.ts";
export type { Setting } from "./setting.ts";
export type { ConfigSource, Scope, SourceContext, Trust, WatchContext } from "./source.ts";
export { objectSource, settingsOf } from "./sources/object.ts";
export type { ObjectSourceOptions } from "./sources/object.ts";
export { parseDocument } from "./sources/document.ts";
export type { DocumentFormat } from "./sources/document.ts";
export { variableSource } from "./sources/variables.ts";
export type { VariableSourceOptions } from "./sources/variables.ts";
export { fileSource } from "./sources/file.ts";
export type { FileSourceOptions } from "./sources/file.ts";
export { secretsDirectorySource } from "./sources/secrets-directory.ts";
export type { SecretsDirectoryOptions } from "./sources/secrets-directory.ts";
export { redisSource } from "./sources/redis.ts";
export type { RedisReader, RedisSourceOptions } from "./sources/redis.ts";
export { cacheSource } from "./sources/cache.ts";
export type { CacheSourceOptions } from "./sources/cache.ts";
export { etcdSource } from "./sources/etcd.ts";
export type { EtcdSourceOptions } from "./sources/etcd.ts";
export { nacosSource } from "./sources/nacos.ts";
export type { NacosSourceOptions } from "./sources/nacos.ts";
export { apolloSource } from "./sources/apollo.ts";
export type { ApolloSourceOptions } from "./sources/apollo.ts";
export type { Fetch, NameOption, SourceSecret } from "./sources/http.ts";
