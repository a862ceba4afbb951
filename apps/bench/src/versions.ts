/** The measured versions: the installed ones, not those that package.json requests. */
import { readFileSync } from "node:fs";

/**
 * The installed version of a dependency of this package, by the name under which it is imported.
 */
export function versionOf(dependency: string): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL(`../node_modules/${dependency}/package.json`, import.meta.url), "utf8"),
  );
  const isNamed = typeof manifest === "object" && manifest !== null && "version" in manifest;
  if (!isNamed) throw new Error(`${dependency} has no version. Run pnpm install.`);
  return String(manifest.version).replace(/^v/, "");
}

/** `keyv 6.1.0`; the label is for a dependency that is imported under another name. */
export function named(dependency: string, label: string = dependency): string {
  return `${label} ${versionOf(dependency)}`;
}

/** The environment on which the figures depend. */
export function platformLine(): string {
  return `Node ${process.versions.node}, V8 ${process.versions.v8}, ${process.platform} ${process.arch}`;
}
