/**
 * A process that sends secrets through every path that may fail, and collects everything that it
 * prints: `node leak-program.fixture.ts DRIVER PORT`. It sends its parent the secrets and the
 * collected output; the parent also reads its stdout and stderr.
 */
import { spans } from "./redis-tracing.fixture.ts";
import { subscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { eventChannelName, keyring, sealed, systemRandom } from "@lingpai/core";
import type { Cache } from "@lingpai/core";
import { openLink } from "@lingpai/test-servers";
import { wechat } from "@lingpai/wechat";
import type { Fetch, Wechat } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import { driverNamed } from "../fleet/redis-clients.fixture.ts";

/** The message to the parent. */
export interface Outputs {
  readonly secrets: readonly string[];
  /** The collected text by the name of its sink. */
  readonly shown: Readonly<Record<string, string>>;
  /** A value that is stored in clear text, to prove that the sinks are searched. */
  readonly control: string;
}

const [driverName = "", port = ""] = process.argv.slice(2);
const server = { host: "127.0.0.1", port: Number(port) };
const appId = "wx0123456789abcdef";
const appSecret = "9f3b7c5d1e8a2046b7d9c1f3e5a80264";
const sealingKey = "c4d1e7f2a9b86035".repeat(4);
const control = `control-${systemRandom.id()}`;
const secrets = new Set([appSecret, sealingKey]);
const shown: Record<string, string> = { errors: "", events: "", diagnostics: "", objects: "" };
const show = (sink: string, text: string): void =>
  void (shown[sink] = `${shown[sink] ?? ""}\n${text}`);

const platform = createSimulator({ accounts: [{ appId, secret: appSecret }] });
/** Collects every issued token as a secret. */
const watched: Fetch = async (input, init) => {
  const response = await platform.fetch(input, init);
  const token = /"access_token":"([^"]+)"/.exec(await response.clone().text())?.[1];
  if (token !== undefined) secrets.add(token);
  return response;
};
/** A platform or a proxy that echoes the whole request. */
const echoing: Fetch = async (input, init) => {
  const sent = new Request(input, init);
  const said = `rejected ${sent.url} ${decodeURIComponent(sent.url)} ${JSON.stringify([...sent.headers])} ${await sent.text()}`;
  return Response.json({ errcode: 40125, errmsg: said, hint: said });
};
const failing: Fetch = async (input) => {
  const url = input instanceof Request ? input.url : String(input);
  throw Object.assign(
    new TypeError(`fetch failed for ${url}`, {
      cause: Object.assign(new Error(url), { code: "ECONNRESET", url }),
    }),
    {
      config: { url, secret: appSecret },
    },
  );
};

function showError(error: unknown): void {
  for (
    let each = error;
    each !== undefined && each !== null;
    each = each instanceof Error ? each.cause : undefined
  ) {
    const own =
      each instanceof Error
        ? Object.getOwnPropertyNames(each).map((name) => String(Reflect.get(each, name)))
        : [];
    show(
      "errors",
      `${String(each)} ${own.join(" ")} ${JSON.stringify(each)} ${inspect(each, { depth: 12, showHidden: true })}`,
    );
  }
  console.error(error);
}

async function attempt(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    showError(error);
  }
}

const link = await openLink(server);
const store = await driverNamed(driverName).standalone(link);
const ring = keyring({ active: { id: "k1", key: sealingKey } });
const other = keyring({ active: { id: "k2", key: "0123456789abcdef".repeat(4) } });
subscribe(eventChannelName, (event) => show("diagnostics", JSON.stringify(event)));

function client(
  scope: string,
  options: { readonly fetch?: Fetch; readonly cache?: Cache; readonly environment?: string } = {},
): Wechat {
  const {
    fetch = watched,
    cache = sealed(store.cache.withPrefix(scope), ring),
    environment = "production",
  } = options;
  const made = wechat({
    appId,
    secret: appSecret,
    mode: "plain",
    environment,
    cache,
    lock: store.lock.withPrefix(scope),
    fetch,
    onConflict: "warn",
    parameters: { waitMs: 1_500 },
  });
  made.credential.watch((event) => show("events", `${JSON.stringify(event)} ${inspect(event)}`));
  return made;
}

/** Collects everything that can be printed of a client. */
function showObject(object: Wechat): void {
  const { credential } = object;
  const parts = [
    object,
    credential,
    object.status(),
    credential.peek(),
    ring,
    store.cache,
    store.lock,
    sealed(store.cache, ring),
  ];
  show("objects", inspect(parts, { depth: 12, showHidden: true, getters: true }));
  show("objects", JSON.stringify([object, object.status(), credential.peek(), { ring }]));
  show("objects", `${String(credential.peek())} ${credential.peek()}`);
  console.log(parts);
}

const main = client("main");
await main.token();
await attempt(() => main.request("/cgi-bin/user/info", { query: { openid: "o" } }));
showObject(main);
await main.credential.refresh();
platform.operator.kill(appId);
await attempt(() => main.request("/cgi-bin/user/info", { query: { openid: "o" } }));
await attempt(() =>
  main.credential.reject(main.credential.peek()?.reveal() ?? "", { platformCode: "40001" }),
);
await attempt(() => main.credential.reject([...secrets].join("")));

for (const [scope, fetch] of Object.entries({ echoing, failing })) {
  const refused = client(scope, { fetch });
  await attempt(() => refused.token());
  await attempt(() => refused.credential.refresh());
  showObject(refused);
  await refused.close();
}
const calling = client("main", { fetch: echoing });
await attempt(() => calling.request("/cgi-bin/user/info"));
await calling.close();

for (const cache of [
  sealed(store.cache.withPrefix("main"), other),
  store.cache.withPrefix("main"),
]) {
  const blind = client("main", { cache });
  await attempt(() => blind.token());
  await blind.close();
}
await attempt(() =>
  wechat({
    appId,
    secret: `${appSecret}\n`,
    environment: "e",
    cache: store.cache,
    lock: store.lock,
  }),
);
await attempt(() =>
  wechat({
    appId: `${appSecret}`,
    secret: appSecret,
    environment: "e",
    cache: store.cache,
    lock: store.lock,
  }),
);
await attempt(() => keyring({ active: { id: "k1", key: `${sealingKey}0` } }));
await attempt(() => client("elsewhere", { environment: appSecret + sealingKey }));

await link.cut();
await attempt(() => main.credential.refresh());
const cold = client("cold");
await attempt(() => cold.token());
await cold.close();
showObject(main);
await link.heal();
// The client may need several deadlines to reconnect.
let isBack = false;
for (let tries = 0; tries < 100 && !isBack; tries += 1)
  await attempt(async () => {
    isBack = (await store.cache.set("control", control)).written;
  });
await main.close();
await attempt(() => main.token());
showObject(main);
await store.close();
await link.close();
show("spans", await spans());
process.send?.(
  { secrets: [...secrets], shown, control } satisfies Outputs,
  undefined,
  undefined,
  () => process.disconnect(),
);
