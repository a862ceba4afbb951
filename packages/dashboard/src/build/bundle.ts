/**
 * Bundles the page: minified modules and one style sheet, under names that contain their hashes.
 */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import type { Asset } from "../asset.ts";

/** Also works from `dist/build`, where the build runs it. */
const page = fileURLToPath(new URL("../../src/page/", import.meta.url));
const types: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/**
 * The youngest feature that is used, `light-dark()`, is in all browsers since the spring of 2024.
 */
const targets = ["chrome123", "firefox120", "safari17.5"];

export function bundle(): readonly Asset[] {
  const { outputFiles } = buildSync({
    entryPoints: [`${page}main.tsx`, `${page}styles/page.css`, `${page}icon.svg`],
    absWorkingDir: page,
    outdir: "/assets",
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    minify: true,
    target: targets,
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".svg": "copy" },
    legalComments: "none",
    write: false,
  });
  const files = outputFiles.map(({ path, text }): Asset => {
    const name = basename(path);
    return { path: `/assets/${name}`, type: types[name.split(".").at(-1) ?? ""] ?? "", text };
  });
  return [{ path: "/", type: "text/html; charset=utf-8", text: documentOf(files) }, ...files];
}

function documentOf(files: readonly Asset[]): string {
  const named = (prefix: string): string => {
    const found = files.find(({ path }) => path.startsWith(`/assets/${prefix}-`));
    if (found === undefined) throw new Error(`The bundle has no ${prefix}.`);
    return found.path;
  };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Lingpai</title>
<link rel="icon" href="${named("icon")}">
<link rel="stylesheet" href="${named("page")}">
<script type="module" src="${named("main")}"></script>
</head>
<body>
<div id="app"></div>
<noscript>The dashboard needs JavaScript. The same is at /v1/overview, for a server key.</noscript>
</body>
</html>
`;
}
