/**
 * Dependencies point one way. Between packages: core ← everything, adapters ← apps and tests. Inside
 * a package: see {@link rooms}.
 */
import { type Context, child, type Node, nameOf, type Place, placeOf, type Rule } from "./rule.ts";
import { rooms } from "./rooms.ts";

/** The row of {@link rooms} and the room of a path below `src`. */
function roomOf(
  { folder, group }: Place,
  path: string,
): { readonly row: number; readonly room: string } {
  const room = path.split("/", 1)[0] ?? path;
  // An app may have the name of a package.
  const row =
    (rooms[`${group}/${folder}`] ?? rooms[folder])?.findIndex((names) => names.includes(room)) ??
    -1;
  return { row: row === -1 ? Number.POSITIVE_INFINITY : row, room };
}

/** The path below `src` that a relative import names. Undefined if it leaves the package. */
function resolve(from: string, specifier: string): string | undefined {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/**
 * Returns what is wrong with importing `specifier` from `place`, and the remedy. Undefined if
 * nothing is.
 */
export function judgeImport(place: Place, specifier: string): string | undefined {
  const isOwnCode = place.group === "packages" && !place.isTest;
  if (specifier.startsWith(".")) {
    if (place.group !== "packages" && place.group !== "apps") return undefined;
    const target = resolve(place.path, specifier);
    if (target === undefined) {
      return specifier.endsWith("package.json")
        ? undefined
        : `${specifier} leaves the package. Import the other package by its name, and list it in package.json.`;
    }
    if (place.isTest) return undefined;
    const [from, to] = [roomOf(place, place.path), roomOf(place, target)];
    return from.room !== to.room && to.row >= from.row && Number.isFinite(from.row)
      ? `${place.path} may not import ${target}: scripts/lint/rooms.ts says in which order the rooms of ${place.folder} stand. Move what is shared down, or pass it in.`
      : undefined;
  }
  if (isOwnCode && place.folder === "core" && !specifier.startsWith("node:")) {
    return `core depends on nothing, but imports ${specifier}. Declare the interface you need in core and let the caller pass an implementation.`;
  }
  if (isOwnCode && specifier.startsWith("@lingpai/adapter-")) {
    return `Only apps and tests depend on an adapter, but this imports ${specifier}. Take a Cache or a Lock, and let the caller choose the adapter.`;
  }
  return undefined;
}

function checkSource(context: Context, place: Place): (node: Node) => void {
  return (node) => {
    const specifier = nameOf(child(node, "source"));
    const message = specifier === undefined ? undefined : judgeImport(place, specifier);
    if (message !== undefined) context.report({ node, message });
  };
}

export const dependencyDirection: Rule = {
  create(context) {
    const check = checkSource(context, placeOf(context.filename));
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};
