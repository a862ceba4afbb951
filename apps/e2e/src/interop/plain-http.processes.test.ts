/**
 * Runs the page's curl commands over a socket: with curl if it is installed, and always with Node.
 */
import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { getRequestListener } from "@hono/node-server";
import { memoryStore } from "@lingpai/adapter-memory";
import { eventLog } from "@lingpai/event-log";
import { serverKeys, tokenServer } from "@lingpai/server";
import { wechat } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import { afterAll, beforeAll, expect, test } from "vitest";

const account = { appId: "wx0123456789abcdef", secret: "0123456789abcdef0123456789abcdef" };
const page = readFileSync(
  join(import.meta.dirname, "../../../../docs/recipes/plain-http.md"),
  "utf8",
);
const [, block = ""] = /^## curl\n\n```text\n(.*?)\n```$/ms.exec(page) ?? [];
const commands = block.split("\n").filter((line) => line.startsWith("curl "));

interface Answer {
  readonly secret: string;
  readonly fingerprint: string;
  readonly commitId: string;
  readonly replaced?: boolean;
}
type Variables = Readonly<Record<string, string>>;

/** Parses the line as a shell does. It contains only double quotes, `\"` and variables. */
function wordsOf(line: string, variables: Variables): readonly string[] {
  return [...line.matchAll(/"((?:\\.|[^"\\])*)"|(\S+)/g)].map(([, quoted, bare = ""]) =>
    (quoted ?? bare)
      .replaceAll(/\$(\w+)/g, (_, name: string) => variables[name] ?? "")
      .replaceAll(/\\(.)/g, "$1"),
  );
}

async function byNode(line: string, variables: Variables): Promise<string> {
  const [, ...words] = wordsOf(line, variables);
  const headers: [string, string][] = [];
  let url = "";
  let body: string | undefined;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    if (word === "-H") headers.push(words[(at += 1)]!.split(": ", 2) as [string, string]);
    else if (word === "-d") body = words[(at += 1)]!;
    else if (word === "--max-time") at += 1;
    else if (word !== "-sS") url = word;
  }
  const method = body === undefined ? "GET" : "POST";
  return (await fetch(url, { method, headers, ...(body !== undefined && { body }) })).text();
}

async function byCurl(line: string, variables: Variables): Promise<string> {
  const env = { PATH: process.env["PATH"], ...variables };
  return (await promisify(execFile)("sh", ["-c", line], { env })).stdout;
}

const hasCurl = spawnSync("curl", ["--version"]).status === 0;
const ways = { "Node's fetch": byNode, ...(hasCurl && { curl: byCurl }) };

const store = memoryStore();
const simulator = createSimulator({ accounts: [account] });
const client = wechat({ ...account, environment: "prod", store, fetch: simulator.fetch });
const log = eventLog({ cache: store.cache });
const keys = serverKeys({ cache: store.cache });
const server = tokenServer({ credentials: [client], keys, log });
const http = createServer(getRequestListener(server.handle));
const { id: LINGPAI_REF } = client.credential;
let given: Variables;

beforeAll(async () => {
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const rights = ["read", "reject"] as const;
  const { key } = await keys.create({ name: "curl", rights, refs: [LINGPAI_REF] });
  const LINGPAI_URL = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  given = { LINGPAI_URL, LINGPAI_REF, LINGPAI_KEY: key };
});
afterAll(async () => {
  await server.close();
  http.closeAllConnections();
  await Promise.all([client.close(), log.close(), new Promise((resolve) => http.close(resolve))]);
});

test.each(Object.entries(ways))(
  "the three commands of curl, run by %s, read the token, wait for the next and report a dead one",
  async (_name, ask) => {
    expect(commands).toHaveLength(3);
    const [read = "", wait = "", report = ""] = commands;
    const first = JSON.parse(await ask(read, given)) as Answer;
    expect(first.secret).toBe((await client.credential.get()).reveal());
    const waiting = ask(wait, { ...given, COMMIT_ID: first.commitId });
    simulator.operator.kill(account.appId, { kind: "stable" });
    const { fingerprint } = first;
    const replaced = JSON.parse(
      await ask(report, { ...given, FINGERPRINT: fingerprint }),
    ) as Answer;
    expect(replaced).toMatchObject({ replaced: true });
    expect(replaced.secret).not.toBe(first.secret);
    expect((JSON.parse(await waiting) as Answer).secret).toBe(replaced.secret);
  },
);
