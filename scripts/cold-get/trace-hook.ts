/**
 * Records which functions of core run, in which order. Loaded with `node --import`: it adds a call
 * to the beginning of each function, in memory only.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { registerHooks } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript-5.4";
import { root } from "../workspace.ts";

export interface TracedCall {
  /** Relative to `packages/core/src`. */
  readonly file: string;
  readonly name: string;
  /** True when the function is asynchronous: a step of the story, not a decision within a step. */
  readonly isStep: boolean;
}

/** Runs `work`, and collects the calls that it and what it awaits make, in order. */
export function traced<T>(work: () => T): { readonly result: T; readonly calls: TracedCall[] } {
  const calls: TracedCall[] = [];
  return { result: scope.run(calls, work), calls };
}

const sources = join(root, "packages/core/src");
const scope = new AsyncLocalStorage<TracedCall[]>();
const recorder = "lingpaiRecordCall";
Object.assign(globalThis, {
  [recorder]: (file: string, name: string, isStep: boolean): void =>
    void scope.getStore()?.push({ file, name, isStep }),
});

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.startsWith("file:") || !loaded.source) return loaded;
    const file = relative(sources, fileURLToPath(url));
    if (file.startsWith("..") || /^testing|fixture/.test(file)) return loaded;
    const text = Buffer.from(loaded.source as Uint8Array).toString();
    return { ...loaded, source: recording(file, text) };
  },
});

/** Returns the source with a call at the beginning of each of its functions. */
function recording(file: string, text: string): string {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const added: { readonly at: number; readonly code: string }[] = [];
  const visit = (node: ts.Node, name: string): void => {
    const own = ownName(node) ?? name;
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) {
      const body = node.body as ts.Block | ts.Expression;
      const isAsync = ts.canHaveModifiers(node) && hasAsync(node);
      const isStep = isAsync || node.type?.getText(source).startsWith("Promise<") === true;
      const call = `${recorder}(${JSON.stringify(file)}, ${JSON.stringify(own)}, ${isStep})`;
      if (ts.isBlock(body)) added.push({ at: body.getStart(source) + 1, code: `${call};` });
      else
        added.push(
          { at: body.getStart(source), code: `(${call}, ` },
          { at: body.getEnd(), code: ")" },
        );
    }
    ts.forEachChild(node, (child) => visit(child, own));
  };
  visit(source, "");
  return added
    .toSorted((one, other) => other.at - one.at)
    .reduce((code, { at, code: more }) => code.slice(0, at) + more + code.slice(at), text);
}

function ownName(node: ts.Node): string | undefined {
  const { name } = node as { readonly name?: ts.Node };
  return name === undefined || ts.isParameter(node) ? undefined : name.getText();
}

function hasAsync(node: ts.HasModifiers): boolean {
  return ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) === true;
}
