/**
 * Selects the tests that a change can affect: those of the changed packages, of all packages that
 * depend on them, and the workspace's own.
 */
import { execFileSync } from "node:child_process";
import type { Member } from "./workspace.ts";

type Dependent = Pick<Member, "path" | "manifest">;

/** The arguments for vitest: parts of paths. None means everything. */
export function reached(
  changed: readonly string[],
  members: readonly Dependent[],
): readonly string[] {
  const touched = members.filter(({ path }) => changed.some((file) => file.startsWith(`${path}/`)));
  const isElsewhere = (file: string): boolean =>
    !touched.some(({ path }) => file.startsWith(`${path}/`)) && !isDocument(file);
  // Files outside the packages are used to build, lint and test everything.
  if (changed.some(isElsewhere)) return [];
  const names = new Set(touched.map(({ manifest }) => manifest.name));
  for (let size = -1; size !== names.size;) {
    size = names.size;
    for (const { manifest } of members)
      if (dependenciesOf(manifest).some((name) => names.has(name))) names.add(manifest.name);
  }
  const paths = members
    .filter(({ manifest }) => names.has(manifest.name))
    .map(({ path }) => `${path}/`);
  // The documents, the tarballs and the rules of the workspace concern every package.
  return [...paths, "scripts/"];
}

function dependenciesOf({
  dependencies = {},
  devDependencies = {},
  peerDependencies = {},
}: Member["manifest"]): string[] {
  return [dependencies, devDependencies, peerDependencies].flatMap((section) =>
    Object.keys(section),
  );
}

function isDocument(path: string): boolean {
  return /^(docs\/|[^/]*\.md$|\.changeset\/)/.test(path);
}

/** Paths that differ from where the branch left main, and uncommitted ones. */
export function changedFiles(root: string): readonly string[] {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const base =
    ["origin/main", "main"]
      .map((branch) => attempt(() => git("merge-base", "HEAD", branch).trim()))
      .find(Boolean) ?? "HEAD";
  const paths = [
    git("diff", "--name-only", "-z", base),
    git("ls-files", "--others", "--exclude-standard", "-z"),
  ];
  return paths.flatMap((text) => text.split("\0")).filter(Boolean);
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
