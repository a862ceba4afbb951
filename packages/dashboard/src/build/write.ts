/** The build: writes the module that contains the page's files, and prints their sizes. */
import { writeFileSync } from "node:fs";
import { bundle } from "./bundle.ts";
import { sizeReport, sizesOf, totalsOf } from "./sizes.ts";

const assets = bundle();
const sizes = sizesOf(assets);
for (const line of sizeReport([...sizes, ...totalsOf(assets)])) console.log(line);
if (sizes.some(({ bytes, most }) => bytes > most)) {
  console.error("dashboard: the page is larger than its budget.");
  process.exitCode = 1;
}
const text = `const all = ${JSON.stringify(assets)};\nexport function assets() {\n  return all;\n}\n`;
writeFileSync(new URL("../../dist/assets.js", import.meta.url), text);
