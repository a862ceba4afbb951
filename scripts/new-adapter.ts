/**
 * `pnpm new:adapter NAME [--remote] [--no-lock]` writes `packages/adapter-NAME`: the files that are
 * the same for every adapter, and two files for its author to complete. Nothing outside that folder
 * changes, because every tool finds the adapter by its place.
 *
 * `--remote` is for a store in real time, a server or a file, outside the process that tests it.
 * `--no-lock` is for one without compare-and-set, which can have no lock.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { toolPath } from "./tools.ts";
import { root } from "./workspace.ts";

const templates = join(root, "scripts/new-adapter");

/** The forms of a name that a template can use. */
function formsOf(name: string): Record<string, string> {
  const camel = name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return { name, camel, Pascal: camel.charAt(0).toUpperCase() + camel.slice(1) };
}

export interface AdapterKind {
  /** It lives in real time. @defaultValue false */
  readonly remote?: boolean;
  /** It has compare-and-set. @defaultValue true */
  readonly lock?: boolean;
}

/**
 * `{{#flag}}…{{/flag}}` is kept if the flag is true, `{{^flag}}…{{/flag}}` if it is false. A marker
 * alone in a line is removed with its line.
 */
function sectionsOf(text: string, flags: Readonly<Record<string, boolean>>): string {
  return text.replace(
    /\{\{([#^])(\w+)\}\}(\n?)([\s\S]*?)\{\{\/\2\}\}(\n?)/g,
    (_, sign: string, flag: string, before, inner: string, after) => {
      const kept = flags[flag] === (sign === "#") ? inner : "";
      return before === "" ? kept + String(after) : sectionsOf(kept, flags);
    },
  );
}

/**
 * Writes the adapter and returns the paths of its files, from the workspace's root.
 *
 * @throws if the name is not kebab-case, or an adapter of that name exists.
 */
export function newAdapter(
  name: string,
  workspace: string = root,
  { remote = false, lock = true }: AdapterKind = {},
): string[] {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.startsWith("adapter-")) {
    throw new Error(
      `"${name}" is no name for an adapter. Give the store's name in kebab-case, without "adapter-": pnpm new:adapter node-redis`,
    );
  }
  const folder = `packages/adapter-${name}`;
  if (existsSync(join(workspace, folder)))
    throw new Error(`${folder} is there already. Choose another name, or delete it first.`);
  const forms = formsOf(name);
  const paths = readdirSync(templates, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".template"),
  );
  const written = paths.toSorted().map((path) => {
    const target = `${folder}/${path.replaceAll("\\", "/").replace(/\.template$/, "")}`;
    mkdirSync(dirname(join(workspace, target)), { recursive: true });
    const text = sectionsOf(readFileSync(join(templates, path), "utf8"), { remote, lock });
    writeFileSync(
      join(workspace, target),
      text.replace(/\{\{(\w+)\}\}/g, (whole, form: string) => forms[form] ?? whole),
    );
    return target;
  });
  format(written, workspace);
  return written;
}

/** The length of a line depends on the name. */
function format(paths: readonly string[], workspace: string): void {
  const { status } = spawnSync(process.execPath, [toolPath("oxfmt"), ...paths], {
    cwd: workspace,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error("The new files could not be formatted. Run pnpm format.");
}

if (import.meta.main) {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      allowNegative: true,
      options: { remote: { type: "boolean" }, lock: { type: "boolean" } },
    });
    const [name = ""] = positionals;
    const written = newAdapter(name, root, values);
    console.log(
      `${written.join("\n")}\n\nNow: pnpm install, write src/index.ts and src/conformance.fixture.ts, then pnpm test adapter-${name}.`,
    );
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
