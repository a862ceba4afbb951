/** Parses YAML and JSON to settings that know their lines. */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument as parseYaml,
  Scalar,
} from "yaml";
import type { Document, Node } from "yaml";
import type { Problem } from "../problem.ts";
import { InvalidConfigError } from "../problem.ts";
import type { Setting } from "../setting.ts";
import { withoutMark } from "../text/pasted-text.ts";
import { findJsonFault } from "./json-fault.ts";

export type DocumentFormat = "yaml" | "json";

/** Returns JSON for a name that ends in `.json`, else YAML. */
export function formatOf(name: string): DocumentFormat {
  return /\.json$/i.test(name) ? "json" : "yaml";
}

/**
 * Returns the settings of a document. It accepts byte order marks and Windows line endings. Numbers
 * keep their text, so that an AppSecret of digits only stays unchanged.
 *
 * @throws {InvalidConfigError} It names each fault by its line and shows nothing of the text.
 */
export function parseDocument(
  text: string,
  format: DocumentFormat,
  name: string,
): readonly Setting[] {
  const source = withoutMark(text);
  const lines = new LineCounter();
  const document = parseYaml(source, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    stringKeys: false,
  });
  const at = (offset: number): string => `${name}:${lines.linePos(offset).line}`;
  const faults = format === "json" ? jsonFaults(source, at) : [];
  const all = faults.length > 0 ? faults : yamlFaults(document, at);
  if (all.length > 0) throw new InvalidConfigError(name, all);
  return settingsIn(document, name, at);
}

function jsonFaults(source: string, at: (offset: number) => string): readonly Problem[] {
  const fault = findJsonFault(source);
  return fault === undefined
    ? []
    : [
        {
          path: "",
          place: at(fault),
          text: "is where this stops being JSON. Look for a missing quote, comma or brace, or for an extra comma.",
        },
      ];
}

const remedies: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "has a name that the same mapping already contains. Remove one of the two.",
  TAB_AS_INDENT: "is indented with a tab. YAML takes spaces.",
  BAD_INDENT:
    "is indented in a way that matches nothing above it. Align it with the lines around it.",
  MULTIPLE_DOCS: "begins a second document. Put everything into one.",
  TAG_RESOLVE_FAILED: "has a tag, and tags are not supported. Remove the word that begins with !.",
  MISSING_CHAR: "lacks a quote, a colon, a comma or a bracket, here or further up.",
};

/** Describes YAML faults in our own words, because the parser's messages may quote the text. */
function yamlFaults(document: Document.Parsed, at: (offset: number) => string): readonly Problem[] {
  return [...document.errors, ...document.warnings].map(({ code, pos }) => ({
    path: "",
    place: at(pos[0]),
    text: remedies[code] ?? `is not valid YAML (${code}). Look at this line and the one above it.`,
  }));
}

const aliasesMax = 100;
const depthMax = 16;

function settingsIn(
  document: Document.Parsed,
  name: string,
  at: (offset: number) => string,
): readonly Setting[] {
  let aliases = 0;
  const refuse = (place: string, text: string): never => {
    throw new InvalidConfigError(name, [{ path: "", place, text }]);
  };
  const visit = (
    node: Node | null | undefined,
    path: readonly string[],
    place: string,
  ): readonly Setting[] => {
    if (path.length > depthMax)
      return refuse(place, `nests more than ${depthMax} deep. Nothing in this configuration does.`);
    if (isAlias(node)) {
      aliases += 1;
      if (aliases > aliasesMax)
        return refuse(place, `is one of more than ${aliasesMax} aliases. Write the values out.`);
      const target = node.resolve(document);
      return target === undefined
        ? refuse(place, "has an alias whose anchor is not there. Write the value out.")
        : visit(target, path, place);
    }
    if (isMap<Node, Node>(node) && node.items.length > 0) {
      return node.items.flatMap(({ key, value }) => {
        const keyPlace = key.range ? at(key.range[0]) : place;
        if (!isScalar(key))
          return refuse(keyPlace, "has a name that is no text. Give it a plain name.");
        return visit(value, [...path, textOf(key) ?? "null"], keyPlace);
      });
    }
    if (path.length === 0)
      return isMap(node) || isEmpty(node)
        ? []
        : refuse(place, "holds no settings. It begins with names, such as apps:.");
    return [{ path, value: isSeq(node) ? [] : isMap(node) ? {} : textOf(node), place }];
  };
  return visit(document.contents, [], at(0));
}

function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}

/** The text of a value as it is written; null where there is none. */
function textOf(node: unknown): string | null {
  if (!isScalar(node) || node.value === null || node.value === undefined) return null;
  return node.type === Scalar.PLAIN && node.source !== undefined ? node.source : String(node.value);
}
