/** One token server as a process, from its configuration to its socket. */
import { systemClock } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import type { ConfigEvent, ConfigSource, LiveConfig } from "@lingpai/config";
import { dashboardAssets } from "@lingpai/dashboard";
import { eventLog } from "@lingpai/event-log";
import type { LogReport } from "@lingpai/event-log";
import type { DashboardOptions, ServerKeys, TokenServerOptions } from "@lingpai/server";
import type { WebhookReport } from "@lingpai/server/webhooks";
import { consoleLogger, logEvents } from "@lingpai/telemetry";
import type { StructuredLogger } from "@lingpai/telemetry";
import type { WechatOptions } from "@lingpai/wechat";
import { httpApp } from "./http/http-app.ts";
import type { HttpLimits } from "./http/http-app.ts";
import { readTls, watchTls } from "./http/tls-files.ts";
import { adoptStored } from "./serving/adoption.ts";
import { processMetrics } from "./serving/process-metrics.ts";
import { doctorOf } from "./start/doctor.ts";
import { Serving } from "./serving/serving.ts";
import { hasActiveKey, makeFirstKey } from "./start/first-key.ts";
import { open } from "./start/open.ts";
import type { Opened } from "./start/open.ts";
import { refuseRisks } from "./start/risks.ts";
import type { Risk } from "./start/risks.ts";
import { sourcesFrom } from "./start/sources.ts";

export interface ServeOptions {
  /**
   * The sources of the configuration.
   * @defaultValue `lingpai.yaml` of the working directory, if it exists, and variables
   */
  readonly sources?: readonly ConfigSource[];
  /** @defaultValue the variable `LINGPAI_ENVIRONMENT` */
  readonly environment?: string | undefined;
  /** The allowed risks, by name. @defaultValue none */
  readonly allow?: readonly Risk[];
  /**
   * Hosts beside the platform's own that may receive an AppSecret, and private hosts that may
   * receive webhooks.
   */
  readonly allowedHosts?: readonly string[];
  /** The sealing key, if the configuration has none. @defaultValue the variable `LINGPAI_SEAL` */
  readonly seal?: string | undefined;
  /**
   * Makes a key with all rights if there is none, and prints it once.
   * @defaultValue false: a server without a key does not start
   */
  readonly firstKey?: boolean;
  /**
   * Returns the content of `/metrics`, in Prometheus's text format, for a key that may read all.
   * @defaultValue the metrics of `@lingpai/telemetry`, of all credentials of the process
   */
  readonly metrics?: TokenServerOptions["metrics"];
  /**
   * Additions to the dashboard's page. False omits the page and its sessions.
   * @defaultValue the page alone
   */
  readonly dashboard?: false | Omit<DashboardOptions, "assets" | "cache">;
  /** @defaultValue one line of JSON for each event */
  readonly logger?: StructuredLogger;
  /** Prints messages for people: the address, and the first key. @defaultValue to stdout */
  readonly print?: (text: string) => void;
  readonly limits?: Partial<HttpLimits>;
  /** Sends requests to the platform; for tests and for the simulator. */
  readonly fetch?: WechatOptions["fetch"];
  readonly clock?: Clock;
}

export interface RunningServer {
  /** `https://127.0.0.1:8720` */
  readonly url: string;
  readonly config: LiveConfig;
  readonly keys: ServerKeys;
  /**
   * Stops the server: long polls and event streams end, requests in flight are answered, and
   * fetches in flight are stored. It takes at most `server.stopWithinMs` and the duration of a
   * fetch.
   */
  close(): Promise<void>;
}

/**
 * Starts a server, and resolves when it listens.
 *
 * @throws {ConfigurationError} The configuration is invalid, or the start would be insecure.
 */
export async function serve(options: ServeOptions = {}): Promise<RunningServer> {
  const { clock = systemClock, logger = consoleLogger(), sources = sourcesFrom({}) } = options;
  const seal = options.seal ?? process.env["LINGPAI_SEAL"];
  let apply = (_event: ConfigEvent): void => {};
  const opened = await open({
    sources,
    clock,
    seal,
    environment: options.environment,
    allowedHosts: options.allowedHosts,
    onConfigEvent: (event) => {
      logConfig(event, logger);
      apply(event);
    },
  });
  const closers: (() => unknown)[] = [() => opened.close()];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  try {
    const running = await start(opened, { ...options, clock, logger }, closers);
    apply = (event) => {
      if (event.type === "reloaded") running.reload(event.changed);
    };
    let closing: Promise<void> | undefined;
    return {
      url: running.url,
      config: opened.config,
      keys: opened.keys,
      close: () => (closing ??= closeAll()),
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

type Started = { readonly url: string; reload(changed: readonly string[]): void };

async function start(
  opened: Opened,
  options: ServeOptions & { readonly clock: Clock; readonly logger: StructuredLogger },
  closers: (() => unknown)[],
): Promise<Started> {
  const { clock, dashboard, fetch, limits, logger, print = console.log } = options;
  const { config, keys, own, store } = opened;
  const { host, port, stopWithinMs, tls } = config.current.server;
  const pair = tls && (await readTls(tls));
  await enter(opened, { ...options, print });

  const log = eventLog({ cache: own.cache, clock, onReport: (report) => logLog(report, logger) });
  closers.push(() => log.close(), logEvents(logger));
  const onError = (error: unknown): void =>
    logger.error({ event: "lingpai.server.failed", error: String(error) }, "a request failed");
  const serving = new Serving({
    config,
    store,
    own,
    clock,
    keys,
    log,
    onError,
    doctor: doctorOf(opened, clock),
    onWebhook: (report) => logWebhook(report, logger),
    allowedHosts: options.allowedHosts ?? [],
    ...(fetch !== undefined && { fetch }),
    metrics: options.metrics ?? ownMetrics(closers),
    ...(dashboard !== false && {
      dashboard: { ...dashboard, assets: dashboardAssets(), cache: own.cache },
    }),
  });
  closers.push(() => serving.close());
  const served = () => serving.clients.map((client) => client.wechat.credential);
  closers.push(adoptStored(served, { cache: own.cache, clock }));
  const app = await httpApp({
    handle: serving.handle,
    tls: pair,
    clock,
    ...(limits && { limits }),
  });
  closers.push(async () => {
    await serving.end();
    await app.stop(stopWithinMs);
  });
  if (tls !== undefined && pair !== undefined && "setSecureContext" in app.server)
    closers.push(
      watchTls(pair, {
        files: tls,
        server: app.server,
        clock,
        onReloaded: () => logger.info({ event: "lingpai.server.tls-reloaded" }, "new certificate"),
        onFailed: (error) =>
          logger.warn(
            { event: "lingpai.server.tls-kept", error: String(error) },
            "old certificate",
          ),
      }),
    );
  const url = await app.listen(host, port);
  return { url, reload: (changed) => reload(changed, serving, { config, logger, onError }) };
}

/** Refuses an insecure start before a key is made, because the key would never be shown. */
async function enter(
  { address, config, isSealed, keys, own, sealFile }: Opened,
  { allow = [], firstKey = false, print }: ServeOptions & { print(text: string): void },
): Promise<void> {
  const { host, tls } = config.current.server;
  if (sealFile?.isNew === true)
    print(
      `Made the sealing key ${sealFile.path}. Without it the store cannot be read: keep a copy.`,
    );
  const hasKey = firstKey || (await hasActiveKey(keys));
  refuseRisks({ hasKey, host, isTls: tls !== undefined, store: address, isSealed }, allow);
  const first = firstKey ? await makeFirstKey(keys, own.lock) : undefined;
  if (first !== undefined)
    print(`The first server key, which may do everything. It is shown this once:\n  ${first.key}`);
}

interface Reloading {
  readonly config: LiveConfig;
  readonly logger: StructuredLogger;
  readonly onError: (error: unknown) => void;
}

/** The settings that only a start reads. */
const atStart = /^(?:node|store|server\.(?:host|port|dataDirectory|tls|stopWithinMs))(?:\.|$)/;

function reload(
  changed: readonly string[],
  serving: Serving,
  { config, logger, onError }: Reloading,
): void {
  const late = changed.filter((path) => atStart.test(path));
  if (late.length > 0)
    logger.warn(
      { event: "lingpai.server.restart-needed", settings: late },
      `restart the server for ${late.join(", ")}`,
    );
  // Secrets are excluded, because they are read at each fetch.
  const isServed = changed.some(
    (path) => !atStart.test(path) && !/^apps\.[^.]+\.secret$/.test(path),
  );
  if (isServed) serving.apply(config.current).catch(onError);
}

function logConfig(event: ConfigEvent, logger: StructuredLogger): void {
  const { type, ...fields } = event;
  const isGood = type === "loaded" || type === "reloaded" || type === "watch-recovered";
  const text = `configuration: ${type.replaceAll("-", " ")}`;
  logger[isGood ? "info" : "warn"]({ event: `lingpai.config.${type}`, ...fields }, text);
}

function logLog(report: LogReport, logger: StructuredLogger): void {
  const { type, ...fields } = report;
  logger[type === "recovered" ? "info" : "warn"](
    { event: `lingpai.event-log.${type}`, ...fields },
    `event log: ${type}`,
  );
}

function logWebhook({ outcome, ...fields }: WebhookReport, logger: StructuredLogger): void {
  logger[outcome === "delivered" ? "info" : "warn"](
    { event: `lingpai.webhook.${outcome}`, ...fields },
    `webhook ${fields.webhook}: ${outcome.replaceAll("-", " ")}`,
  );
}

function ownMetrics(closers: (() => unknown)[]): () => Promise<string> {
  const metrics = processMetrics();
  closers.push(() => metrics.close());
  return metrics.text;
}
