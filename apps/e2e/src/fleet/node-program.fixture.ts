/**
 * The program of one node: `node node-program.fixture.ts SETTINGS`, where the settings are JSON. It
 * stops before the step in its settings, reports that on its output, and goes on at the next line
 * of its input. Every other line of its input is a command.
 */
import { createInterface } from "node:readline";
import { systemClock } from "@lingpai/core";
import type { Parameters } from "@lingpai/core";
import type { Address } from "@lingpai/test-servers";
import { wechat } from "@lingpai/wechat";
import { driverNamed } from "./redis-clients.fixture.ts";
import { StepHooks, hookedCache, hookedFetch, hookedLock } from "./refresh-steps.fixture.ts";
import type { RefreshStep } from "./refresh-steps.fixture.ts";

export interface NodeProgramSettings {
  readonly driver: string;
  readonly store: Address;
  readonly scope: string;
  readonly platform: string;
  readonly appId: string;
  readonly secret: string;
  readonly node: string;
  readonly parameters: Partial<Parameters>;
  /** The step before which it stops, once, at the first refresh. */
  readonly stopAt?: RefreshStep;
}

/** One line of its output. */
export type Report =
  | { readonly at: RefreshStep }
  | { readonly event: string }
  | {
      readonly reply: string;
      readonly token?: string;
      readonly error?: string;
      readonly wallMs: number;
    };

const settings = JSON.parse(process.argv[2] ?? "") as NodeProgramSettings;
const { appId, node, parameters, platform, scope, secret, stopAt } = settings;
const print = (report: Report): void => void process.stdout.write(`${JSON.stringify(report)}\n`);

const lines = createInterface({ input: process.stdin });
const steps = new StepHooks();
if (stopAt !== undefined) {
  steps.next(stopAt, () => {
    print({ at: stopAt });
    return new Promise((resolve) => lines.once("line", resolve));
  });
}
const store = await driverNamed(settings.driver).standalone(settings.store);
const client = wechat({
  appId,
  secret,
  mode: "plain",
  environment: "production",
  node,
  cache: hookedCache(store.cache.withPrefix(scope), steps),
  lock: hookedLock(store.lock.withPrefix(scope), steps),
  parameters,
  baseUrl: platform,
  fetch: hookedFetch((input, init) => fetch(input, init), steps),
});
client.credential.watch((event) => print({ event: event.type }));

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
      print({ reply: line, wallMs: systemClock.wallMs(), ...(token !== undefined && { token }) }),
    (error: unknown) => print({ reply: line, wallMs: systemClock.wallMs(), error: String(error) }),
  );
});
