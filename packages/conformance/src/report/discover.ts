import { glob } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Backend } from "../backend.ts";
import { all } from "../trial/expect.ts";

/** The name of the file that registers an adapter's backends. */
const pattern = "packages/*/src/conformance.fixture.ts";

/** Returns every backend of the workspace at `root`, by adapter. */
export async function discover(root: string): Promise<readonly Backend[]> {
  const paths = await all(glob(pattern, { cwd: root }));
  const modules = await Promise.all(paths.toSorted().map((path) => load(join(root, path))));
  return modules.flat();
}

async function load(path: string): Promise<readonly Backend[]> {
  const module: { readonly backends?: readonly Backend[] } = await import(pathToFileURL(path).href);
  if (!Array.isArray(module.backends)) throw new Error(`${path} does not export \`backends\`.`);
  return module.backends;
}
