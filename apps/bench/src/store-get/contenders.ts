/** Ways to read one small value from stores that do not use Redis's own protocol. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { postgresCache } from "@lingpai/adapter-postgres";
import { sqliteCache } from "@lingpai/adapter-sqlite";
import { upstashCache } from "@lingpai/adapter-upstash";
import { postgres } from "@lingpai/test-servers";
import pg from "pg";
import { named } from "../versions.ts";

export interface Pair {
  /** The client itself, which sends the recorded request of the adapter. */
  readonly raw: { readonly name: string; read(): unknown };
  readonly ours: { readonly name: string; read(): Promise<unknown> };
  end(): Promise<void>;
}

const key = "wx0123456789abcdef";
/** About the size of a credential's document. */
const value = "v".repeat(600);
/** On a loaded machine the default deadline would end the bench. */
const patient = { deadlineMs: 60_000 };

export const pairs: readonly (() => Promise<Pair>)[] = [onPostgres, onSqlite, onUpstash];

async function onPostgres(): Promise<Pair> {
  const server = await postgres();
  const pool = new pg.Pool({ connectionString: server.url, max: 4 });
  const cache = postgresCache(pool, patient).withPrefix("bench");
  await cache.set(key, value);
  const [text, values] = await statementOf(pool, () => cache.get(key));
  return {
    raw: { name: `raw ${named("pg")}`, read: () => pool.query(text, values) },
    ours: { name: "lingpai adapter-postgres", read: () => cache.get(key) },
    async end() {
      await cache.close();
      await pool.end();
      await server.stop();
    },
  };
}

/** The statement that the work sends over a connection of the pool, with its values. */
async function statementOf(
  pool: pg.Pool,
  work: () => Promise<unknown>,
): Promise<readonly [text: string, values: unknown[]]> {
  const sent: [string, unknown[]][] = [];
  const spy = (client: pg.PoolClient): void => {
    const query = client.query.bind(client) as (...call: unknown[]) => unknown;
    const noting = (...call: unknown[]): unknown => {
      sent.push([String(call[0]), call[1] as unknown[]]);
      return query(...call);
    };
    Object.assign(client, { query: noting });
    pool.once("release", () => Reflect.deleteProperty(client, "query"));
  };
  pool.on("acquire", spy);
  await work();
  pool.off("acquire", spy);
  const [first, ...more] = sent;
  if (first === undefined || more.length > 0)
    throw new Error(`A get is expected to be one statement, but was ${JSON.stringify(sent)}.`);
  return first;
}

async function onSqlite(): Promise<Pair> {
  const directory = mkdtempSync(join(tmpdir(), "lingpai-bench-"));
  const file = join(directory, "tokens.db");
  const cache = sqliteCache(file, patient).withPrefix("bench");
  await cache.set(key, value);
  const database = new DatabaseSync(file);
  const row = database.prepare(
    "SELECT CAST(value AS BLOB), version, expires_at FROM lingpai_entries WHERE id = ?1",
  );
  const id = String(database.prepare("SELECT id FROM lingpai_entries").get()?.["id"]);
  return {
    raw: { name: `raw node:sqlite ${process.versions["sqlite"]}`, read: () => row.get(id) },
    ours: { name: "lingpai adapter-sqlite", read: () => cache.get(key) },
    async end() {
      await cache.close();
      database.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** Uses a server on this machine that answers every request with the same entry. */
async function onUpstash(): Promise<Pair> {
  const entry = Buffer.from(`lp1:version:${value}`).toString("base64");
  const answer = JSON.stringify({ result: [entry, -1, 1] });
  let sent = "";
  const server = createServer((request, response) => {
    request.setEncoding("utf8");
    let body = "";
    request.on("data", (part: string) => (body += part));
    request.on("end", () => {
      sent = body;
      response.end(answer);
    });
  });
  const url = await listening(server);
  const cache = upstashCache({ url, token: "bench" }, patient).withPrefix("bench");
  await cache.get(key);
  const init = {
    method: "POST",
    headers: { authorization: "Bearer bench", "content-type": "application/json" },
    body: sent,
  };
  return {
    raw: {
      name: "raw fetch",
      read: () => fetch(url, init).then((response) => response.text()),
    },
    ours: { name: "lingpai adapter-upstash", read: () => cache.get(key) },
    async end() {
      await cache.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("There is no port.");
  return `http://127.0.0.1:${address.port}`;
}
