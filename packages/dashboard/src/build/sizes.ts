/** The transfer sizes of the page, and their budgets. */
import { gzipSync } from "node:zlib";
import type { Asset } from "../asset.ts";

export interface Total {
  readonly what: string;
  /** In bytes after gzip. */
  readonly bytes: number;
}

export interface Size extends Total {
  readonly most: number;
}

/** Only the ledger loads the chart's library, and only one dictionary is loaded. */
export function sizesOf(assets: readonly Asset[]): readonly Size[] {
  const sizes = assets.map(({ path, text }) => ({ path, bytes: gzipSync(text).byteLength }));
  const sum = (isWanted: (name: string) => boolean): number =>
    sizes
      .filter(({ path }) => isWanted(path.replace("/assets/", "")))
      .reduce((total, { bytes }) => total + bytes, 0);
  const isModule = (name: string): boolean => name.endsWith(".js");
  const isLater = (name: string): boolean => /^(uPlot|en|zh)\b/.test(name);
  const dictionary = Math.max(
    ...["en", "zh"].map((name) => sum((each) => isModule(each) && each.startsWith(`${name}-`))),
  );
  const first = sum((name) => isModule(name) && !isLater(name)) + dictionary;
  const chart = sum((name) => isModule(name) && name.startsWith("uPlot"));
  return [
    { what: "JS that the first screen loads", bytes: first, most: 45_000 },
    { what: "JS of the ledger's chart (uPlot)", bytes: chart, most: 25_000 },
    { what: "CSS", bytes: sum((name) => name.endsWith(".css")), most: 10_000 },
  ];
}

/** The sums, which have no budget: what one visit of the first screen loads, and all modules. */
export function totalsOf(assets: readonly Asset[]): readonly Total[] {
  const [first, , css] = sizesOf(assets);
  const gzipped = (isWanted: (asset: Asset) => boolean): number =>
    assets.filter(isWanted).reduce((sum, { text }) => sum + gzipSync(text).byteLength, 0);
  const others = gzipped(({ path }) => path === "/" || path.endsWith(".svg"));
  return [
    {
      what: "all that the first screen loads (document, icon, CSS, JS)",
      bytes: first!.bytes + css!.bytes + others,
    },
    {
      what: "all JS (both languages and the chart)",
      bytes: gzipped(({ path }) => path.endsWith(".js")),
    },
  ];
}

/** One line each: with its budget, if it has one. */
export function sizeReport(sizes: readonly (Size | Total)[]): readonly string[] {
  const kb = (bytes: number): string => (bytes / 1_000).toFixed(1);
  return sizes.map(
    (size) =>
      `dashboard: ${size.what}: ${kb(size.bytes)} kB gz` +
      ("most" in size ? ` of at most ${kb(size.most)} kB` : ""),
  );
}
