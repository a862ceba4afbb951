/** The options of the `wechat-simulator` command. */
import { parseArgs } from "node:util";
import { ConfigurationError } from "@lingpai/core";
import type { AccountOptions } from "./accounts/account.ts";
import type { ListenOptions } from "./server.ts";
import type { SimulatorOptions } from "./simulator.ts";
import type { CorpAppOptions, CorpOptions } from "./wecom/wecom.ts";

export const usage = `wechat-simulator: WeChat's credential endpoints on a loopback port

  --port PORT            default: any free port, printed on the first line
  --host HOST            default: 127.0.0.1
  --account APPID:SECRET repeatable; default: wx0123456789abcdef:0123456789abcdef0123456789abcdef
  --corp CORPID:AGENTID:SECRET
                         a WeCom app, repeatable; default: none
  --chaos PERCENT        how many of all requests meet something: lost, late, corrupt, busy, refused; default: 0
  --overlap SECONDS      how long a superseded token stays alive: 300 as documented, 0 as observed; default: 300
  --lifetime SECONDS     how long a token lives; default: 7200
  --latency MS[-MS]      a request's time there and back; default: 0
  --log                  print what the platform sees
  --help
`;

export interface CommandLine {
  readonly help: boolean;
  readonly log: boolean;
  /** How many requests of a hundred meet a fault. */
  readonly chaosPercent: number;
  readonly listenOptions: ListenOptions;
  readonly simulatorOptions: SimulatorOptions;
}

const defaultAccount = "wx0123456789abcdef:0123456789abcdef0123456789abcdef";

/** @throws {ConfigurationError} An option does not exist, or a value is out of range. */
export function optionsFrom(args: readonly string[]): CommandLine {
  const values = parsed(args);
  return {
    help: values.help,
    log: values.log,
    chaosPercent: numberIn("chaos", values.chaos, 100),
    listenOptions: { host: values.host, port: numberIn("port", values.port, 65_535) },
    simulatorOptions: {
      accounts: values.account.map(accountFrom),
      corps: corpsFrom(values.corp),
      overlapMs: 1000 * numberIn("overlap", values.overlap, 7_200),
      lifetimeMs: 1000 * numberIn("lifetime", values.lifetime, 31_536_000),
      latencyMs: latencyFrom(values.latency),
    },
  };
}

function parsed(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: "string", default: "0" },
        host: { type: "string", default: "127.0.0.1" },
        account: { type: "string", multiple: true, default: [defaultAccount] },
        corp: { type: "string", multiple: true, default: [] },
        overlap: { type: "string", default: "300" },
        lifetime: { type: "string", default: "7200" },
        latency: { type: "string", default: "0" },
        chaos: { type: "string", default: "0" },
        log: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    return values;
  } catch (cause) {
    throw new ConfigurationError(
      `${cause instanceof Error ? cause.message : String(cause)} See --help.`,
      { cause },
    );
  }
}

function accountFrom(text: string): AccountOptions {
  const [, appId, secret] = /^([^:]+):(.+)$/.exec(text) ?? [];
  if (appId === undefined || secret === undefined)
    throw new ConfigurationError("--account needs APPID:SECRET.");
  return { appId, secret };
}

/** The apps, grouped by corp. */
function corpsFrom(texts: readonly string[]): readonly CorpOptions[] {
  const appsByCorp = new Map<string, CorpAppOptions[]>();
  for (const text of texts) {
    const [, corpId, agentId, secret] = /^([^:]+):([^:]+):(.+)$/.exec(text) ?? [];
    if (corpId === undefined || agentId === undefined || secret === undefined)
      throw new ConfigurationError("--corp needs CORPID:AGENTID:SECRET.");
    appsByCorp.set(corpId, [...(appsByCorp.get(corpId) ?? []), { agentId, secret }]);
  }
  return [...appsByCorp].map(([corpId, apps]) => ({ corpId, apps }));
}

function latencyFrom(text: string): number | readonly [number, number] {
  const [first = "", second, ...rest] = text.split("-");
  if (rest.length > 0) throw new ConfigurationError(`--latency needs MS or MS-MS, not "${text}".`);
  const minMs = numberIn("latency", first, 600_000);
  if (second === undefined) return minMs;
  const maxMs = numberIn("latency", second, 600_000);
  if (maxMs < minMs)
    throw new ConfigurationError(`--latency needs the smaller value first, not "${text}".`);
  return [minMs, maxMs];
}

function numberIn(name: string, text: string, max: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < 0 || value > max) {
    throw new ConfigurationError(`--${name} needs a whole number from 0 to ${max}, not "${text}".`);
  }
  return value;
}
