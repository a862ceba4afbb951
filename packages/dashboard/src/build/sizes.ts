/** The transfer sizes of the page, and their budgets. */
import { gzipSync } from "node:zlib";
import type { Asset } from "../asset.ts";

export interface Size {
  readonly what: string;
  /** In bytes after gzip. */
  readonly bytes: number;
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

export function sizeReport(sizes: readonly Size[]): readonly string[] {
  const kb = (bytes: number): string => (bytes / 1_000).toFixed(1);
  return sizes.map(
    ({ bytes, most, what }) => `dashboard: ${what}: ${kb(bytes)} kB gz of at most ${kb(most)} kB`,
  );
}
