/**
 * The parts of oxlint's plugin interface that the rules use. The tree is ESTree, read by duck
 * typing.
 */

export interface Node {
  readonly type: string;
  readonly range: readonly [number, number];
  readonly [field: string]: unknown;
}

export interface Context {
  readonly filename: string;
  readonly sourceCode: { readonly text: string; getAllComments(): readonly Node[] };
  report(problem: { node: Node; message: string }): void;
}

export type Visitor = Record<string, (node: Node) => void>;

export interface Rule {
  create(context: Context): Visitor;
}

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}

/** The child under `field`, if it is a node and, when asked, of this type. */
export function child(node: Node, field: string, type?: string): Node | undefined {
  const value = node[field];
  return isNode(value) && (type === undefined || value.type === type) ? value : undefined;
}

/** The name of an identifier, or the text of a string literal. */
export function nameOf(node: Node | undefined): string | undefined {
  if (node?.type === "Identifier") return node["name"] as string;
  if (node?.type === "Literal" && typeof node["value"] === "string") return node["value"];
  return undefined;
}

/**
 * `a.b` for a member expression on a plain name, with `globalThis.` left out; a bare identifier
 * gives its name.
 */
export function dotted(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (node.type !== "MemberExpression")
    return node.type === "Identifier" ? nameOf(node) : undefined;
  const object = dotted(child(node, "object"));
  const property = nameOf(child(node, "property"));
  if (object === undefined || property === undefined) return undefined;
  return object === "globalThis" || object === "global" ? property : `${object}.${property}`;
}

/** The location of a file: its workspace folder, and the path below that folder's `src`. */
export interface Place {
  readonly group: "packages" | "apps" | "scripts" | "root";
  readonly folder: string;
  readonly path: string;
  readonly isTest: boolean;
}

export function placeOf(filename: string): Place {
  const path = filename.replaceAll("\\", "/");
  const isTest = /\.(test|types|bench|fixture|kit)\.ts$|\/(test|fixtures|mutants)\//.test(path);
  const member = /.*\/(packages|apps)\/([^/]+)\/(?:src\/)?(.+)$/.exec(path);
  if (member)
    return {
      group: member[1] as "packages" | "apps",
      folder: member[2] ?? "",
      path: member[3] ?? "",
      isTest,
    };
  const script = /.*\/scripts\/(.+)$/.exec(path);
  return script
    ? { group: "scripts", folder: "scripts", path: script[1] ?? "", isTest }
    : { group: "root", folder: "", path, isTest };
}
