/** `pnpm screenshots`: takes the READMEs' pictures again. Needs Chromium on PATH. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.fixture.ts";
import { takePictures } from "./screenshots.fixture.ts";

const folder = fileURLToPath(new URL("../../../docs/images/", import.meta.url));
mkdirSync(folder, { recursive: true });
const browser = await launch();
await takePictures(browser, folder);
await browser.close();
console.log(`dashboard: the pictures are in ${folder}`);
process.exit();
