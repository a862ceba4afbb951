/** Reads settings from etcd 3.4 or newer, over its JSON gateway. */
import { ConfigurationError, requireOptions } from "@lingpai/core";
import type { KindsOf } from "@lingpai/core";
import type { Setting } from "../../setting.ts";
import type { ConfigSource, Scope, SourceContext, WatchContext } from "../../source.ts";
import type { DocumentFormat } from "../document.ts";
import { formatOf, parseDocument } from "../document.ts";
import { jsonOf, open, unexpected } from "./http.ts";
import { nameFor, requireSourceWords, textOfSecret } from "../source-options.ts";
import type { Fetch } from "./http.ts";
import { member } from "./member.ts";
import type { NameOption, SourceSecret } from "../source-options.ts";
import { createServers, createSession } from "./servers.ts";
import type { Servers, ServerAnswer, Session, SessionContext } from "./servers.ts";

export interface EtcdSourceOptions {
  /**
   * A client URL of the cluster, or several, separated by commas:
   * `"http://10.0.0.5:2379,10.0.0.6:2379"`.
   */
  readonly url: string;
  /**
   * A prefix with one key for each setting. Below `lingpai/`, the key `lingpai/apps/main/secret` is
   * `apps.main.secret`. Give this or `key`.
   */
  readonly prefix?: NameOption;
  /** One key with a whole document. Give this or `prefix`. */
  readonly key?: NameOption;
  /** The document's format. @defaultValue by the key's extension; YAML if it has none */
  readonly format?: DocumentFormat;
  /** Needed, with a password, if etcd's authentication is on. */
  readonly username?: string;
  readonly password?: SourceSecret;
  /** @defaultValue "all" */
  readonly scope?: Scope;
  readonly fetch?: Fetch;
}

/**
 * A watch that is silent this long is replaced by a new one. Its connection may be dead, and
 * `fetch` fails when an answer is silent for 5 min (undici's `bodyTimeout`, seen 2026-11). etcd
 * reports its progress only every 10 min.
 */
const silenceMaxMs = 4 * 60_000;

/**
 * Makes a source of one key, or of all keys below a prefix. etcd's watch reports changes. An absent
 * key, or a prefix without keys, has no settings.
 */
export function etcdSource(options: EtcdSourceOptions): ConfigSource {
  requireOptions("etcdSource()", options, {
    fetch: "function",
    format: "text",
    key: ["text", "function"],
    password: ["text", "function", "object"],
    prefix: ["text", "function"],
    scope: "text",
    url: "text",
    username: "text",
  } satisfies KindsOf<EtcdSourceOptions>);
  requireSourceWords(options);
  const { prefix, key, scope = "all" } = options;
  if ((prefix === undefined) === (key === undefined))
    throw new ConfigurationError("Give etcdSource either a prefix or a key.", { rule: "etcd" });
  const client = new EtcdClient(options);
  const rangeFor = (environment: string): Range =>
    prefix === undefined
      ? exactly(nameFor(key ?? "", environment))
      : below(nameFor(prefix, environment));
  return {
    name: typeof (prefix ?? key) === "string" ? `etcd ${String(prefix ?? key)}` : "etcd",
    scope,
    isRemote: true,
    async load(context) {
      const pairs = pairsOf(
        await client.post("/v3/kv/range", rangeFor(context.environment), context),
      );
      if (prefix === undefined) {
        return pairs.flatMap((pair) =>
          parseDocument(pair.value, options.format ?? formatOf(pair.key), `etcd ${pair.key}`),
        );
      }
      const base = nameFor(prefix, context.environment);
      return pairs.map((pair): Setting => ({
        path: pair.key.slice(base.length).split("/"),
        value: pair.value,
        place: `etcd ${pair.key}`,
      }));
    },
    watch: (context) => client.watch(rangeFor(context.environment), context),
  };
}

class EtcdClient {
  readonly #options: EtcdSourceOptions;
  readonly #servers: Servers;
  readonly #session: Session;

  constructor(options: EtcdSourceOptions) {
    this.#options = options;
    this.#servers = createServers("etcd", options.url, options.fetch);
    this.#session = createSession((context) => this.#logIn(context));
  }

  /** The answer's JSON. */
  async post(path: string, body: unknown, { clock, signal }: SourceContext): Promise<unknown> {
    const init = { method: "POST", body: JSON.stringify(body) };
    const send = (token: string | undefined): Promise<ServerAnswer> =>
      this.#servers.send({ path, init: { ...init, ...authorized(token) }, clock, signal });
    const answer = await this.#session.send({ clock, signal, send });
    if (answer.status !== 200) throw unexpected(init, answer.url, answer.status);
    return jsonOf(answer, answer.url);
  }

  /** Calls `changed` for each change until the signal aborts. Throws when a watch fails. */
  async watch(range: Range, context: WatchContext): Promise<void> {
    while (!context.signal.aborted) await this.#watchUntilSilent(range, context);
  }

  /**
   * Watches until the signal aborts, or until etcd is silent too long. Throws when etcd ends the
   * watch, or does not answer.
   */
  async #watchUntilSilent(range: Range, context: WatchContext): Promise<void> {
    const body = JSON.stringify({ create_request: { ...range, progress_notify: true } });
    const silence = silenceOf(context);
    try {
      const token = await this.#session.token({ clock: context.clock, signal: silence.signal });
      const url = new URL(`${this.#servers.current}/v3/watch`);
      const init = { method: "POST", body, ...authorized(token) };
      const response = await open({
        fetch: this.#options.fetch,
        url,
        init,
        signal: silence.signal,
        isWaiting: true,
      });
      if (response.status !== 200) throw unexpected(init, url, response.status);
      await readWatch(response, context, silence.broken);
    } catch (error) {
      if (context.signal.aborted || silence.cameAfterAnswer) return;
      // The next watch begins with a new login, at another server, whatever ended this one.
      this.#session.forget();
      this.#servers.skip();
      throw error;
    } finally {
      silence.end();
    }
  }

  async #logIn({ clock, signal }: SessionContext): Promise<string | undefined> {
    const { username, password = "" } = this.#options;
    if (username === undefined) return undefined;
    const init = {
      method: "POST",
      body: JSON.stringify({ name: username, password: await textOfSecret(password) }),
    };
    const answer = await this.#servers.send({ path: "/v3/auth/authenticate", init, clock, signal });
    const token = answer.status === 200 ? member(jsonOf(answer, answer.url), "token") : undefined;
    if (typeof token !== "string") throw unexpected(init, answer.url, answer.status);
    return token;
  }
}

function authorized(token: string | undefined): Pick<RequestInit, "headers"> {
  return token === undefined ? {} : { headers: { authorization: token } };
}

interface Silence {
  /** Aborts with the context's signal, and when the server has been silent too long. */
  readonly signal: AbortSignal;
  /** True when the server was silent too long after it had answered. */
  readonly cameAfterAnswer: boolean;
  broken(): void;
  end(): void;
}

function silenceOf({ clock, signal }: WatchContext): Silence {
  let isBroken = false;
  const late = new AbortController();
  const arm = (): (() => void) =>
    clock.setTimer(silenceMaxMs, () => late.abort(new ConfigurationError("fell silent")), {
      background: true,
    });
  let cancel = arm();
  return {
    signal: AbortSignal.any([signal, late.signal]),
    get cameAfterAnswer() {
      return isBroken && late.signal.aborted;
    },
    broken() {
      isBroken = true;
      cancel();
      cancel = arm();
    },
    end() {
      cancel();
      late.abort();
    },
  };
}

interface Range {
  readonly key: string;
  readonly range_end?: string;
}

function exactly(key: string): Range {
  return { key: base64(key) };
}

/**
 * Returns the range of all keys with the prefix: it ends at the prefix with its last byte plus one.
 */
function below(prefix: string): Range {
  const end = Buffer.from(prefix, "utf8");
  const last = end.length - 1;
  // UTF-8 has no byte 255, so there is nothing to carry. The range from "\0" to "\0" is all keys.
  if (last < 0) return { key: base64("\0"), range_end: base64("\0") };
  end[last] = (end[last] ?? 0) + 1;
  return { key: base64(prefix), range_end: end.toString("base64") };
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

function pairsOf(answer: unknown): readonly { readonly key: string; readonly value: string }[] {
  // An etcd answers with a header even if it has none of the keys. Any other answer is not etcd's.
  const found = member(answer, "header") === undefined ? undefined : (member(answer, "kvs") ?? []);
  if (!Array.isArray(found))
    throw new ConfigurationError("answered without a list of keys. Check the address");
  const text = (given: unknown): string =>
    typeof given === "string" ? Buffer.from(given, "base64").toString("utf8") : "";
  return found.map((pair: unknown) => ({
    key: text(member(pair, "key")),
    value: text(member(pair, "value")),
  }));
}

/** Reads one JSON object a line until the watch ends. */
async function readWatch(
  response: Response,
  context: WatchContext,
  heard: () => void,
): Promise<void> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    heard();
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const result = line.trim() === "" ? undefined : member(parseLine(line), "result");
      if (member(result, "canceled") === true) throw new ConfigurationError("ended the watch");
      const events = member(result, "events");
      if (member(result, "created") === true || (Array.isArray(events) && events.length > 0))
        context.changed();
    }
  }
  if (!context.signal.aborted) throw new ConfigurationError("closed the watch");
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new ConfigurationError("sent a line that is not JSON");
  }
}
