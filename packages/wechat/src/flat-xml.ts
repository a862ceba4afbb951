/**
 * Reads the one form of XML that the platform pushes: a flat list of texts. Nothing else of XML is understood, so there is nothing to expand, to fetch or to nest:
 * declarations, DOCTYPEs, comments, attributes, entities and children of children are refused.
 */

const elementPattern = /\s*<([A-Za-z][A-Za-z0-9_]{0,63})>(?:<!\[CDATA\[([\s\S]*?)\]\]>|([^<&]*))<\/([A-Za-z][A-Za-z0-9_]{0,63})>/y;
const openingPattern = /^\s*<xml>/;
const closingPattern = /^\s*<\/xml>\s*$/;

/** The texts by their names, or undefined when the document has any other form, or a name twice. */
export function readFlatXml(text: string): ReadonlyMap<string, string> | undefined {
  const opening = openingPattern.exec(text);
  if (opening === null) return undefined;
  const fields = new Map<string, string>();
  let end = opening[0].length;
  for (;;) {
    elementPattern.lastIndex = end;
    const element = elementPattern.exec(text);
    if (element === null) break;
    const [whole, name = "", cdata, plain = "", closing] = element;
    if (name !== closing || fields.has(name)) return undefined;
    fields.set(name, cdata ?? plain.trim());
    end += whole.length;
  }
  return closingPattern.test(text.slice(end)) ? fields : undefined;
}
