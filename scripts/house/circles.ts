/** Finds import circles: files that import each other, types included. */
import { posix } from "node:path";
import type { SourceFile } from "../workspace.ts";

const imported = /\b(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g;
const comment = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

/** Returns each circle as the sorted paths of its files. */
export function circlesIn(files: readonly SourceFile[]): readonly (readonly string[])[] {
  const paths = new Set(files.map(({ path }) => path));
  const targets = new Map(
    files.map(({ path, text }) => [
      path,
      [...text.replaceAll(comment, "").matchAll(imported)]
        .map(([, target = ""]) => posix.join(posix.dirname(path), target))
        .filter((target) => paths.has(target)),
    ]),
  );
  return componentsOf(targets).filter(
    (component) =>
      component.length > 1 || targets.get(component[0] ?? "")?.includes(component[0] ?? ""),
  );
}

/** Returns the strongly connected components of a graph (Tarjan's algorithm). */
function componentsOf(targets: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const components: string[][] = [];
  const visit = (node: string): void => {
    order.set(node, order.size);
    lowest.set(node, order.get(node) ?? 0);
    open.push(node);
    for (const target of targets.get(node) ?? []) {
      if (!order.has(target)) visit(target);
      if (open.includes(target))
        lowest.set(node, Math.min(lowest.get(node) ?? 0, lowest.get(target) ?? 0));
    }
    if (lowest.get(node) === order.get(node))
      components.push(open.splice(open.indexOf(node)).toSorted());
  };
  for (const node of targets.keys()) if (!order.has(node)) visit(node);
  return components;
}
