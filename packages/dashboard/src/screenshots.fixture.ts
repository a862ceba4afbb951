/** Takes the READMEs' pictures, of real events in a fleet. */
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { openPage } from "./browser.fixture.ts";
import { dayOfLife } from "./states.fixture.ts";

/** By file name: the page that is opened, its language and its theme. */
export const pictures = [
  { name: "incident.png", language: "en", theme: "light", account: undefined },
  { name: "life-line.png", language: "en", theme: "light", account: 2 },
  { name: "incident.zh-CN.png", language: "zh", theme: "light", account: undefined },
  { name: "life-line.zh-CN.png", language: "zh", theme: "light", account: 2 },
] as const;

const size = { width: 1_200, height: 760 };

export async function takePictures(browser: Browser, folder: string): Promise<void> {
  const world = await dayOfLife();
  try {
    for (const { account, language, name, theme } of pictures) {
      const hash = account === undefined ? "" : `#/c/${encodeURIComponent(world.refOf(account))}`;
      const opened = await openPage(browser, world, { ...size, hash, language, theme });
      const { page } = opened;
      await page.waitForSelector(account === undefined ? ".rows .row" : ".mark");
      await page.waitForSelector(".fresh-live");
      await page.mouse.move(0, 0);
      await page.screenshot({ path: join(folder, name) });
      await opened.close();
    }
  } finally {
    await world.close();
  }
}
