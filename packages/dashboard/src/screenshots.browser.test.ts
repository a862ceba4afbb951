/** Proves that the READMEs' pictures can be taken, and that the READMEs show them. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { launch } from "./browser.fixture.ts";
import { pictures, takePictures } from "./screenshots.fixture.ts";

/** A PNG's width and height are at fixed places of its header. */
function sizeOf(file: string): readonly [number, number] {
  const bytes = readFileSync(file);
  expect(bytes.subarray(1, 4).toString()).toBe("PNG");
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

test("the script takes each picture in the size of the one in docs/images", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lingpai pictures "));
  const browser = await launch();
  await takePictures(browser, folder);
  await browser.close();
  for (const { name } of pictures) {
    const kept = new URL(`../../../docs/images/${name}`, import.meta.url).pathname;
    expect(sizeOf(join(folder, name))).toEqual(sizeOf(kept));
    expect(readFileSync(join(folder, name)).byteLength).toBeGreaterThan(20_000);
  }
  rmSync(folder, { recursive: true });
});
