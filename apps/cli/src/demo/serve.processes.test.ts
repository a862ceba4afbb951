import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";

const main = fileURLToPath(new URL("../main.ts", import.meta.url));
const started: ReturnType<typeof spawn>[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

test("demo --serve starts servers with traffic, prints their addresses, and ends at Ctrl-C", async () => {
  const child = spawn(process.execPath, [main, "demo", "--serve"]);
  started.push(child);
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let text = "";
  const printed = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const [, found] = pattern.exec(text) ?? [];
        if (found !== undefined) resolve(found);
      };
      child.stdout.on("data", look);
      void exited.then(() => reject(new Error(`It ended: ${text}`)));
      look();
    });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const url = await printed(/dashboard: (http\S+)/);
  const key = await printed(/Sign in with: +(lp_\S+)/);
  const second = await printed(/same fleet: (http\S+)/);

  const page = await fetch(url);
  expect(page.headers.get("content-type")).toContain("text/html");
  expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
  const session = await fetch(`${url}/v1/session`, {
    method: "POST",
    headers: { origin: url, "content-type": "application/json", "lingpai-page": "1" },
    body: JSON.stringify({ key }),
  });
  expect(session.status).toBeLessThan(300);
  const headers = { authorization: `Bearer ${key}` };
  await expect
    .poll(async () => (await fetch(`${second}/v1/credentials?state=live`, { headers })).json())
    .toMatchObject({ credentials: [{}, {}, {}] });
  child.kill("SIGINT");
  expect(await exited).toBe(0);
  expect(text).toMatch(/[1-9]\d* calls of services, 0 failed; [1-9]\d* fetches/);
});
