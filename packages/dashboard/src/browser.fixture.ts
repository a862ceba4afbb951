/** For tests in a real Chromium: pages that record console output and layout shifts. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { accessSync, constants } from "node:fs";
import { chromium } from "playwright-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { World } from "./dashboard-world.fixture.ts";

const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The browser's path, found on PATH. `scripts/servers.ts` has checked that there is one. */
function browserPath(): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  for (const name of names)
    for (const folder of folders) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // The next one.
      }
    }
  throw new Error(`None of ${names.join(", ")} is on PATH. Debian: apt-get install chromium`);
}

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath(),
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none"],
  });
}

export interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly scale?: number;
  readonly language?: "en" | "zh";
  readonly theme?: "light" | "dark";
  /** Signs in with this key. With undefined nobody signs in. @defaultValue the world's key */
  readonly key?: string | undefined;
  readonly hash?: string;
  readonly context?: BrowserContext;
}

export interface OpenPage {
  readonly page: Page;
  /** The page's output: console messages, errors, failed requests. */
  readonly printed: readonly string[];
  /** The paths of all requests. */
  readonly requested: readonly string[];
  /**
   * The elements that moved without the reader's action, according to the browser's layout shifts.
   */
  moved(): Promise<readonly string[]>;
  /** The violations that axe finds, by rule and element. */
  violations(): Promise<readonly string[]>;
  signIn(key: string): Promise<void>;
  close(): Promise<void>;
}

const watchShifts = `
  window.__moved = [];
  const text = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(" ");
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, sources } of list.getEntries())
      if (!hadRecentInput)
        for (const { currentRect, node, previousRect } of sources)
          window.__moved.push(
            (node?.className ?? node?.nodeName) + " " + (node?.textContent ?? "").slice(0, 40) +
              ": " + text(previousRect) + " to " + text(currentRect),
          );
  }).observe({ type: "layout-shift", buffered: true });
`;

export async function openPage(
  browser: Browser,
  world: Pick<World, "key" | "url">,
  options: OpenOptions = {},
): Promise<OpenPage> {
  const { hash = "", height = 800, language = "en", scale = 1, theme, width = 1_280 } = options;
  const key = "key" in options ? options.key : world.key;
  const context =
    options.context ??
    (await browser.newContext({
      viewport: { width, height },
      deviceScaleFactor: scale,
      locale: language === "zh" ? "zh-CN" : "en-GB",
      timezoneId: "Asia/Shanghai",
      reducedMotion: "reduce",
    }));
  await context.addInitScript(watchShifts);
  if (theme !== undefined)
    await context.addInitScript(`localStorage.setItem("lingpai-theme", "${theme}")`);
  const page = await context.newPage();
  const printed: string[] = [];
  const requested: string[] = [];
  page.on("console", (message) => printed.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => printed.push(`pageerror: ${error.message}`));
  page.on("request", (request) => requested.push(new URL(request.url()).pathname));
  await page.goto(`${world.url}/${hash}`);
  const signIn = async (text: string): Promise<void> => {
    await page.fill("input[name=key]", text);
    await page.click("button[type=submit]");
  };
  if (key !== undefined && options.context === undefined) {
    await page.waitForSelector("form");
    await signIn(key);
    await page.waitForSelector("nav");
  }
  return {
    page,
    printed,
    requested,
    moved: () => page.evaluate("window.__moved"),
    async violations() {
      await page.evaluate(readFileSync(axePath, "utf8"));
      const found = (await page.evaluate("axe.run()")) as {
        readonly violations: readonly {
          readonly id: string;
          readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
        }[];
      };
      return found.violations.flatMap(({ id, nodes }) =>
        nodes.map(({ failureSummary, html }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
      );
    },
    signIn,
    close: () => (options.context === undefined ? context.close() : page.close()),
  };
}
