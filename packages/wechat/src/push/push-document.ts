/**
 * Reads the documents that the platform pushes (XML or JSON), and writes the XML of replies. A
 * document type is refused, so there is nothing to expand or to fetch. A document that is not
 * well-formed is not read at all.
 */
import { SaxesParser } from "saxes";

/** A text, a number or a flag, or a list or an object of these. */
export type PushContent =
  | string
  | number
  | boolean
  | null
  | readonly PushContent[]
  | { readonly [name: string]: PushContent };

export interface PushDocument {
  readonly format: "xml" | "json";
  /**
   * The texts and numbers of the top level by name, as they were written. A name that occurs twice,
   * or that has child elements, is not included.
   */
  readonly fields: ReadonlyMap<string, string>;
  /** The whole document, nested. An XML name that occurs twice is a list. */
  readonly content: { readonly [name: string]: PushContent };
}

const depthMax = 32;

/**
 * The document. Undefined: the text is neither well-formed XML with one root element nor a JSON
 * object.
 */
export function readDocument(text: string): PushDocument | undefined {
  try {
    return text.trimStart().startsWith("{") ? readJson(text) : readXml(text);
  } catch {
    return undefined;
  }
}

type Content = { [name: string]: PushContent };

interface Element {
  readonly name: string;
  readonly texts: { readonly text: string; readonly isCdata: boolean }[];
  readonly children: Content;
  isParent: boolean;
}

const elementOf = (name: string): Element => ({
  name,
  texts: [],
  children: emptyContent(),
  isParent: false,
});

/** Without a prototype, so that an element named `__proto__` is an element like any other. */
const emptyContent = (): Content => Object.create(null) as Content;

function readXml(text: string): PushDocument {
  const parser = new SaxesParser({ position: false });
  const open: Element[] = [elementOf("")];
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("doctype", () => {
    throw new SyntaxError("A document type is refused.");
  });
  parser.on("opentag", ({ name }) => {
    if (open.length > depthMax) throw new SyntaxError("Nested too deeply.");
    open.push(elementOf(name));
  });
  parser.on("text", (text) => void open.at(-1)?.texts.push({ text, isCdata: false }));
  parser.on("cdata", (text) => void open.at(-1)?.texts.push({ text, isCdata: true }));
  parser.on("closetag", () => {
    const [element, parent] = [open.pop(), open.at(-1)];
    if (element === undefined || parent === undefined) return;
    parent.isParent = true;
    add(parent.children, element.name, element.isParent ? element.children : textOf(element));
  });
  parser.write(text).close();
  const [root] = Object.values(open[0]?.children ?? {});
  if (typeof root !== "object" || root === null) throw new SyntaxError("It has no elements.");
  return { format: "xml", content: root as Content, fields: fieldsOf(root as Content) };
}

function add(content: Content, name: string, value: PushContent): void {
  const known = content[name];
  content[name] =
    known === undefined ? value : Array.isArray(known) ? [...known, value] : [known, value];
}

/**
 * Text outside CDATA is trimmed, because it is often indented. Text inside CDATA is kept as it is.
 */
function textOf({ texts }: Element): string {
  return texts.map(({ text, isCdata }) => (isCdata ? text : text.trim())).join("");
}

/**
 * Since V8 11.4 a reviver gets the number's own text. Ids have 64 bits, which a number cannot hold.
 */
type Reviver = (
  this: unknown,
  key: string,
  value: unknown,
  context?: { readonly source?: string },
) => unknown;

function readJson(text: string): PushDocument {
  const exactly: Reviver = (_key, value, context) =>
    typeof value === "number" && !Number.isSafeInteger(value) ? (context?.source ?? value) : value;
  const content = JSON.parse(text, exactly) as Content;
  return { format: "json", content, fields: fieldsOf(content) };
}

function fieldsOf(content: Content): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(content).flatMap(([name, value]) =>
      value === null || typeof value === "object" ? [] : [[name, String(value)] as const],
    ),
  );
}

/**
 * The XML of a reply: `<xml>` around the content. Numbers stay as they are, texts become CDATA, and
 * a list repeats its name.
 */
export function writeXml(content: { readonly [name: string]: PushContent }): string {
  return `<xml>${elementsOf(content)}</xml>`;
}

function elementsOf(content: { readonly [name: string]: PushContent }): string {
  return Object.entries(content)
    .map(([name, value]) => {
      if (!/^[A-Za-z_][\w.-]*$/.test(name))
        throw new TypeError(`${JSON.stringify(name)} cannot be the name of an element.`);
      return (isList(value) ? value : [value])
        .map((each) => `<${name}>${insideOf(each)}</${name}>`)
        .join("");
    })
    .join("");
}

function isList(value: PushContent): value is readonly PushContent[] {
  return Array.isArray(value);
}

function insideOf(value: PushContent): string {
  if (value === null) return "";
  if (isList(value)) throw new TypeError("A list within a list has no form in XML.");
  if (typeof value === "object") return elementsOf(value);
  return typeof value === "string"
    ? `<![CDATA[${value.replaceAll("]]>", "]]]]><![CDATA[>")}]]>`
    : String(value);
}
