/**
 * A folder inside the workspace in which a document's blocks resolve every package as in a reader's
 * project.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { members, root } from "./workspace.ts";

const base = join(root, ".cache/documents");

/**
 * Creates the folder for a document of `owner` (`packages/core`, or `.` for the root). The owner's
 * own dependencies win over others'.
 */
export function createSandbox(name: string, owner: string): string {
  const folder = join(base, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const found = new Map<string, string>();
  const offer = (dependency: string, target: string): void =>
    void (found.has(dependency) || found.set(dependency, target));
  for (const { manifest, folder: target } of members()) offer(manifest.name, target);
  for (const modules of [join(root, owner), ...members().map((member) => member.folder), root].map(
    (place) => join(place, "node_modules"),
  )) {
    for (const dependency of dependenciesIn(modules)) offer(dependency, join(modules, dependency));
  }
  for (const [dependency, target] of found) {
    mkdirSync(dirname(join(folder, "node_modules", dependency)), { recursive: true });
    symlinkSync(realpathSync(target), join(folder, "node_modules", dependency), "junction");
  }
  return folder;
}

function dependenciesIn(modules: string): string[] {
  if (!existsSync(modules)) return [];
  const names = readdirSync(modules).filter((name) => !name.startsWith("."));
  return names.flatMap((name) =>
    name.startsWith("@")
      ? readdirSync(join(modules, name)).map((scoped) => `${name}/${scoped}`)
      : [name],
  );
}

/** A reader's compiler options: strict, but not this repository's stylistic extras. */
export function writeTypecheck(folders: readonly string[]): string {
  const path = join(base, "tsconfig.json");
  const compilerOptions = {
    noEmit: true,
    composite: false,
    incremental: false,
    declaration: false,
    declarationMap: false,
    sourceMap: false,
    isolatedDeclarations: false,
    noPropertyAccessFromIndexSignature: false,
    typeRoots: [join(root, "node_modules/@types")],
  };
  writeFileSync(
    path,
    JSON.stringify({
      extends: join(root, "tsconfig.base.json"),
      compilerOptions,
      include: folders.map((folder) => `${folder}/*.ts`),
    }),
  );
  return path;
}
