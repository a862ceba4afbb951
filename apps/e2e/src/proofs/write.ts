/** `node apps/e2e/src/proofs/write.ts`: renews the generated pages under `docs/`. */
import { mkdir, writeFile } from "node:fs/promises";
import { checksPages } from "../checks/page.ts";
import { pages } from "./pages.ts";

const docs = new URL("../../../../docs/", import.meta.url);
await mkdir(docs, { recursive: true });
for (const { name, text } of [...pages, ...checksPages]) await writeFile(new URL(name, docs), text);
