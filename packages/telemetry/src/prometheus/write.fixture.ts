import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageFolder, shippedFiles } from "./files.fixture.ts";

for (const [path, text] of shippedFiles()) {
  mkdirSync(dirname(join(packageFolder, path)), { recursive: true });
  writeFileSync(join(packageFolder, path), text);
}
