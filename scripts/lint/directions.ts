/**
 * Dependencies point one way. Between packages: core ← everything, adapters ← apps and tests.
 * Inside core: see `layerOf`.
 */
import { type Context, child, type Node, nameOf, type Place, placeOf, type Rule } from "./rule.ts";

/**
 * errors, time, random, secret ← cache, lock and all else ← state, credential ← index ← testing.
 */
const layers: readonly (readonly [RegExp, number])[] = [
  [/^(errors|time|due-queue|random|secret)\.ts$/, 0],
  [/^(state|credential)\//, 2],
  [/^index\.ts$/, 3],
  [/^testing\//, 4],
];

function layerOf(path: string): number {
  return layers.find(([pattern]) => pattern.test(path))?.[1] ?? 1;
}

/**
 * The path below `src` that a relative import names, or undefined when it climbs out of the
 * package.
 */
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
 * What is wrong with importing `specifier` from `place`, with the remedy; undefined when nothing
 * is.
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
    const isUpward = place.folder === "core" && isOwnCode && layerOf(target) > layerOf(place.path);
    return isUpward
      ? `${place.path} may not depend on ${target}: in core, errors, time, random ← cache, lock ← state, credential ← index ← testing. Move what is shared down, or pass it in.`
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
