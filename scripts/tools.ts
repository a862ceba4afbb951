/**
 * Where the workspace's tools and Nodes are; the shims in node_modules/.bin would bring their own
 * choice of Node.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./workspace.ts";

/** The script behind a tool's bin entry, of the root's or the scripts' dependencies. */
export function toolPath(packageName: string, binName: string = packageName): string {
  const folder = [root, join(root, "scripts")]
    .map((base) => join(base, "node_modules", packageName))
    .find((path) => existsSync(path));
  if (folder === undefined) throw new Error(`${packageName} is not installed. Run pnpm install.`);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    bin: string | Readonly<Record<string, string>>;
  };
  const file = typeof bin === "string" ? bin : bin[binName];
  if (file === undefined) throw new Error(`${packageName} has no bin "${binName}"`);
  return join(folder, file);
}

/** The major versions of Node that every published package supports. */
export const nodeMajors: readonly number[] = [22, 24, 26];

/** The lowest supported version of 22. It runs packages, but not the workspace's own sources. */
const lowest: ReadonlyMap<number, string> = new Map([[22, "22.12"]]);

/** The lowest supported version of this major that is installed. */
export function nodePath(major: number): string {
  return join(
    root,
    "scripts/node_modules",
    `node-${lowest.get(major) ?? major}`,
    "bin",
    process.platform === "win32" ? "node.exe" : "node",
  );
}

/** The compiler of this version: the workspace's own, or an older one that is there to be tried. */
export function typescriptPath(version: "5.4" | "7.0"): string {
  return version === "7.0"
    ? toolPath("typescript", "tsc")
    : join(root, "scripts/node_modules/typescript-5.4/bin/tsc");
}
