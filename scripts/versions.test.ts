/** The page that says which clients were run says what is installed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { members, root } from "./workspace.ts";

/** `npm:ioredis@5.11.1` under any name, or a plain version under the client's own. */
function clientOf(
  name: string,
  range: string,
): { readonly client: string; readonly version: string } {
  const [, client = name, version = range] = /^npm:(.+)@([^@]+)$/.exec(range) ?? [];
  return { client, version };
}

/** Libraries that an adapter is tested with; neither ours nor types. */
function installed(): string[] {
  const adapters = members().filter(({ path }) => path.startsWith("packages/adapter-"));
  const all = adapters.flatMap(({ manifest }) => Object.entries(manifest.devDependencies ?? {}));
  return all
    .filter(([name]) => !/^@(lingpai|types)\//.test(name))
    .map(([name, range]) => Object.values(clientOf(name, range)).join(" "));
}

test.each(["versions.md", "versions.zh-CN.md"])(
  "docs/%s has the version of every client that an adapter is tested with",
  (page) => {
    const rows = readFileSync(join(root, "docs", page), "utf8").split("\n");
    const said = rows.flatMap((row) => {
      const [, client = "", versions = ""] = row.split("|").map((cell) => cell.trim());
      return versions.split(/[,、] ?/).map((version) => `${client} ${version}`);
    });
    expect(installed().length).toBeGreaterThan(15);
    expect(installed().filter((one) => !said.includes(one))).toEqual([]);
  },
);
