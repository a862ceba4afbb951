/** Every factory of the workspace that takes options, with valid arguments. */
import * as ioredis from "@lingpai/adapter-ioredis";
import * as keyv from "@lingpai/adapter-keyv";
import * as memory from "@lingpai/adapter-memory";
import * as nodeRedis from "@lingpai/adapter-node-redis";
import * as postgres from "@lingpai/adapter-postgres";
import * as sqlite from "@lingpai/adapter-sqlite";
import * as telemetry from "@lingpai/telemetry";
import * as upstash from "@lingpai/adapter-upstash";
import * as remoteClient from "@lingpai/client";
import * as config from "@lingpai/config";
import * as core from "@lingpai/core";
import * as driver from "@lingpai/core/driver";
import * as events from "@lingpai/event-log";
import * as interop from "@lingpai/interop";
import * as server from "@lingpai/server";
import * as webhooks from "@lingpai/server/webhooks";
import * as wechat from "@lingpai/wechat";

/** A factory as a caller in JavaScript may call it. */
export type Make = (...given: readonly unknown[]) => unknown;

const issuer = {
  id: "test:plain:wx1",
  lifetimeMs: 7_200_000,
  policy: { kind: "supersede", overlapMs: 300_000 },
  issue: () => Promise.resolve({ secret: "T1", expiresInMs: 7_200_000 }),
};
const store = memory.memoryStore();
const stores = { cache: memory.memoryCache(store), lock: memory.memoryLock(store) };
const redis = {
  status: "ready",
  options: {},
  call() {},
  duplicate() {},
  eval() {},
  evalsha() {},
  get() {},
  pTTL() {},
  set() {},
};
const pool = { connect() {}, listenerCount: () => 1, on() {}, totalCount: 0 };
const database = { url: "https://database.example", token: "token" };
const redisClient = {
  evalSha() {},
  eval() {},
  withTypeMapping: () => ({ withCommandOptions: () => ({}) }),
};
const credential = core.credential({
  issuer: issuer as core.Issuer,
  ...stores,
  environment: "production",
});
const raw = interop.ioredisRawStore({ call: () => Promise.resolve(null) });
const account = { appId: "wx0123456789abcdef", secret: "0123456789abcdef0123456789abcdef" };
const own = { ...stores, environment: "production" };
const push = { messageToken: "token", encodingAesKey: "a".repeat(43) };
const corp = { corpId: "ww0123456789abcdef", app: "1000002", secret: "s".repeat(43) };

/**
 * Valid arguments of each factory; the last one is its options.
 */
export const factories: Readonly<Record<string, readonly unknown[]>> = {
  acquire: [stores.lock, "name", { ttlMs: 1_000, waitMs: 0 }],
  tryLease: [stores.lock, "name", { ttlMs: 1_000 }],
  withLease: [stores.lock, "name", { ttlMs: 1_000, waitMs: 0 }],
  createCache: [store.entries, {}],
  createLock: [store.leases, {}],
  createStore: [stores.cache, stores.lock, {}],
  createEventBus: [{ id: "x", environment: "e", node: "n", clock: core.systemClock }],
  credential: [{ issuer, ...own }],
  keyring: [{ active: { id: "a", key: "0".repeat(64) } }],
  parametersFor: [issuer, {}],
  listClaims: [stores.cache],
  releaseClaim: [stores.cache],
  sealed: [stores.cache],
  storeFrom: [stores],
  memoryStore: [{}],
  memoryCache: [store, {}],
  memoryLock: [store, {}],
  ioredisCache: [redis, {}],
  ioredisLock: [redis, {}],
  ioredisStore: [redis, {}],
  nodeRedisCache: [redisClient, {}],
  nodeRedisLock: [redisClient, {}],
  nodeRedisStore: [redisClient, {}],
  postgresCache: [pool, {}],
  postgresLock: [pool, {}],
  postgresStore: [pool, {}],
  sqliteCache: ["tokens.db", {}],
  sqliteLock: ["tokens.db", {}],
  sqliteStore: ["tokens.db", {}],
  upstashCache: [database, {}],
  upstashLock: [database, {}],
  upstashStore: [database, {}],
  consoleLogger: [console],
  keyvCache: [{ store: new Map() }, {}],
  keyvLock: [{ store: new Map() }, { scope: "process" }],
  adopt: [{ store: raw, from: { convention: "wxjava/mp", appId: account.appId } }],
  mirror: [
    credential,
    { store: raw, lock: stores.lock, to: [{ convention: "wxjava/mp", appId: account.appId }] },
  ],
  withWxjavaLock: [issuer, { store: raw, appId: account.appId }],
  ioredisRawStore: [redis],
  nodeRedisRawStore: [redis],
  patchCoWechatApi: [{ ensureAccessToken() {}, getAccessToken() {}, request() {} }, credential],
  patchNodeEasywechat: [
    { getHttpClient: () => ({ request() {} }), setAccessToken() {} },
    credential,
  ],
  refusedTokenKey: ["token"],
  loadConfig: [{ environment: "e", sources: [config.objectSource({})] }],
  openConfig: [{ environment: "e", sources: [config.objectSource({})] }],
  appOptions: [{ apps: {} }],
  inStore: [{ environment: "e", store: {} }],
  objectSource: [{}, {}],
  fileSource: ["lingpai.yaml", {}],
  secretsDirectorySource: ["/run/secrets", {}],
  variableSource: [{}],
  redisSource: [redis, { key: "k" }],
  cacheSource: [stores.cache, {}],
  etcdSource: [{ url: "http://127.0.0.1:1", key: "k" }],
  nacosSource: [{ url: "http://127.0.0.1:1", dataId: "d" }],
  apolloSource: [{ url: "http://127.0.0.1:1", appId: "a" }],
  wechat: [{ ...account, ...own }],
  wecom: [{ ...corp, ...own }],
  openPlatform: [{ componentAppId: account.appId, secret: account.secret, ...push, ...own }],
  wecomSuite: [{ suiteId: "ww0123456789abcdef", secret: corp.secret, ...push, ...own }],
  createApi: [credential, {}],
  tokenlessApi: [{ token: "none" }],
  plainToken: [account],
  stableToken: [account],
  componentToken: [{ componentAppId: account.appId, secret: account.secret }],
  authorizerToken: [{ componentAppId: account.appId, appId: account.appId }],
  ticket: [{ appId: account.appId, type: "jsapi" }],
  wecomTicket: [{ corpId: corp.corpId, app: corp.app, type: "jsapi" }],
  wecomToken: [corp],
  suiteToken: [{ suiteId: "ww0123456789abcdef", secret: corp.secret }],
  corpToken: [{ suiteId: "ww0123456789abcdef", corpId: corp.corpId, permanentCode: "c" }],
  providerToken: [{ corpId: corp.corpId, secret: corp.secret }],
  corpGroupToken: [
    { corpId: corp.corpId, app: corp.app, downstreamCorpId: corp.corpId, agentId: 1 },
  ],
  pushedTicket: [{ id: "t", cache: stores.cache, environment: "e", lifetimeMs: 1_000 }],
  accountMessages: [{ receiver: account.appId, ...push, ...own, onMessage() {} }],
  signedFetch: [
    { appId: account.appId, paths: [], encryptionKey: { id: "k", key: "" }, certificates: {} },
  ],
  eventLog: [{ cache: stores.cache }],
  remote: [{ urls: ["https://tokens.example"], key: "k" }],
  serverKeys: [{ cache: stores.cache }],
  tokenServer: [
    {
      credentials: [{ credential }],
      keys: server.serverKeys({ cache: stores.cache }),
      log: events.eventLog({ cache: stores.cache }),
    },
  ],
  webhooks: [{ store: stores, log: events.eventLog({ cache: stores.cache }), webhooks: [] }],
  jsSdkSignature: [{ ticket: "t", nonceStr: "n", timestamp: 1, url: "https://example.com" }],
};

/**
 * Exported functions that are no factories: they take no options, or observe the whole process and
 * are tested where they are.
 */
export const others =
  /^(require\w+|\w+Parameter|classify|configEventSeverity|createSingleFlight|createWaitQueue|defineConfig|delay|eventSeverity|fingerprint|\w+Probe|keyIn|logEvents|maskTokens|nameIn|nameOf|compareEventIds|observe|parseDocument|parseName|problemText|randomNonce|revealed|scopeOf|settingsOf|variableOf|variableTable|waitFor|rawStore)$/;

export const all: Readonly<Record<string, unknown>> = {
  ...core,
  ...driver,
  ...memory,
  ...ioredis,
  ...nodeRedis,
  ...postgres,
  ...sqlite,
  ...upstash,
  ...telemetry,
  ...keyv,
  ...interop,
  ...config,
  ...wechat,
  ...remoteClient,
  ...events,
  ...server,
  ...webhooks,
};
export const functions: readonly (readonly [string, unknown])[] = Object.entries(all).filter(
  ([name, made]) => typeof made === "function" && !/^[A-Z]/.test(name),
);

/** The last argument of these factories is not an options object. */
export const withoutOptions: ReadonlySet<string> = new Set([
  ...[
    "appOptions",
    "consoleLogger",
    "inStore",
    "patchCoWechatApi",
    "patchNodeEasywechat",
    "refusedTokenKey",
    "listClaims",
    "releaseClaim",
    "sealed",
    "storeFrom",
  ],
  ...["ioredisRawStore", "nodeRedisRawStore"],
]);

/** Returns what the factory throws or rejects with; undefined if it accepts the arguments. */
export async function refusalOf(make: Make, given: readonly unknown[]): Promise<unknown> {
  try {
    const made = make(...given);
    if (made instanceof Promise) await made;
    return undefined;
  } catch (error) {
    return error;
  }
}
