/**
 * One process of a fleet: `node node.fixture.ts SETTING`, where the setting is JSON. It stops at
 * the moments that it was told, says so on its output, and goes on at the next line of its input;
 * it does what else it is told there, one command a line.
 */
import { createInterface } from "node:readline";
import { systemClock } from "@lingpai/core";
import type { Parameters } from "@lingpai/core";
import type { Address } from "@lingpai/test-servers";
import { wechat } from "@lingpai/wechat";
import { driverNamed } from "./redis-clients.fixture.ts";
import { Moments, tappedCache, tappedFetch, tappedLock } from "./refresh-steps.fixture.ts";
import type { Moment } from "./refresh-steps.fixture.ts";

export interface ProcessSetting {
  readonly driver: string;
  readonly store: Address;
  readonly scope: string;
  readonly platform: string;
  readonly appId: string;
  readonly secret: string;
  readonly node: string;
  readonly parameters: Partial<Parameters>;
  /** Where to stop, once, at the first refresh. */
  readonly stopAt?: Moment;
}

/** A line of its output. */
export type Report =
  | { readonly at: Moment }
  | { readonly event: string }
  | {
      readonly reply: string;
      readonly token?: string;
      readonly error?: string;
      readonly wallMs: number;
    };

const setting = JSON.parse(process.argv[2] ?? "") as ProcessSetting;
const { appId, node, parameters, platform, scope, secret, stopAt } = setting;
const say = (report: Report): void => void process.stdout.write(`${JSON.stringify(report)}\n`);

const lines = createInterface({ input: process.stdin });
const moments = new Moments();
if (stopAt !== undefined) {
  moments.next(stopAt, () => {
    say({ at: stopAt });
    return new Promise((resolve) => lines.once("line", resolve));
  });
}
const store = await driverNamed(setting.driver).standalone(setting.store);
const client = wechat({
  appId,
  secret,
  mode: "plain",
  environment: "production",
  node,
  cache: tappedCache(store.cache.withPrefix(scope), moments),
  lock: tappedLock(store.lock.withPrefix(scope), moments),
  parameters,
  baseUrl: platform,
  fetch: tappedFetch((input, init) => fetch(input, init), moments),
});
client.credential.watch((event) => say({ event: event.type }));

const commands: Readonly<Record<string, () => Promise<string | undefined>>> = {
  token: () => client.token(),
  refresh: async () => (await client.credential.refresh()).reveal(),
  call: async () => {
    await client.request("/cgi-bin/user/info", { query: { openid: "o" } });
    return client.credential.peek()?.reveal();
  },
  async close() {
    await client.close();
    await store.close();
    process.stdin.destroy();
    return undefined;
  },
};

lines.on("line", (line) => {
  commands[line]?.().then(
    (token) =>
      say({ reply: line, wallMs: systemClock.wallMs(), ...(token !== undefined && { token }) }),
    (error: unknown) => say({ reply: line, wallMs: systemClock.wallMs(), error: String(error) }),
  );
});
