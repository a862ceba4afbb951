/** A tracer of SQLite sees no sealed token. For an unsealed one, the tracing is reported. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { inspect } from "node:util";
import BetterSqlite from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { sqliteStore } from "./index.ts";
import type { SqliteDatabase } from "./index.ts";

const marker = "QZ7f-Marker-kV3x-Token-9pLw-R2dN";
/** Node 26 publishes each statement of node:sqlite there, with its values. */
const channel = "sqlite.db.query";
const publishes = Number(process.versions.node.split(".")[0]) >= 26;
const sealings = [
  { how: "open", sealing: {}, isOpen: true },
  { how: "sealed", sealing: { seal: "5e".repeat(32) }, isOpen: false },
];

function temporaryFile(): string {
  const directory = mkdtempSync(join(tmpdir(), "lingpai-sqlite-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "tokens.db");
}

const openings: readonly { readonly library: string; open(): SqliteDatabase | string }[] = [
  { library: "node:sqlite", open: () => new DatabaseSync(temporaryFile()) },
  { library: "a file of ours", open: temporaryFile },
];

test.each(openings.flatMap((opening) => sealings.map((each) => ({ ...opening, ...each }))))(
  "a token that is stored $how by $library, with a listener on Node's channel",
  async ({ open, sealing, isOpen }) => {
    const { cache } = sqliteStore(open(), { deadlineMs: 20_000, ...sealing });
    expect(cache.tracedOn?.() ?? []).toEqual([]);
    let heard = "";
    const listener = (message: unknown): void => void (heard += inspect(message));
    subscribe(channel, listener);
    onTestFinished(() => void unsubscribe(channel, listener));
    await cache.set("wx1", marker);
    await cache.get("wx1");
    expect(heard !== "").toBe(publishes);
    expect(heard.includes(marker)).toBe(publishes && isOpen);
    expect(cache.tracedOn?.() ?? []).toEqual(isOpen ? [channel] : []);
    await cache.close();
  },
);

test.each(sealings)(
  "a token that is stored $how, with better-sqlite3's verbose, which cannot be detected",
  async ({ sealing, isOpen }) => {
    let printed = "";
    const database = new BetterSqlite(temporaryFile(), {
      verbose: (statement) => void (printed += String(statement)),
    });
    onTestFinished(() => void database.close());
    const { cache } = sqliteStore(database, { deadlineMs: 20_000, ...sealing });
    await cache.set("wx1", marker);
    await cache.get("wx1");
    expect(printed).toContain("lingpai_entries");
    expect(printed.includes(marker)).toBe(isOpen);
    expect(cache.tracedOn?.() ?? []).toEqual([]);
  },
);
