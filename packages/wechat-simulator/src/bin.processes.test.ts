import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const bin = fileURLToPath(new URL("./bin.ts", import.meta.url));

test("the command prints its address first, serves, and stops on SIGTERM with exit code 0", async () => {
  const child = spawn(process.execPath, [bin, "--account", "wx1:s1", "--log"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const url = (await lines.next()).value;
  const response = await fetch(
    `${url}/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=s1`,
    {
      headers: { "user-agent": "me" },
    },
  );
  expect(await response.json()).toMatchObject({ expires_in: 7200 });
  expect((await lines.next()).value).toMatch(/ me +issue +\/cgi-bin\/token +T1 +new$/);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("the command explains a wrong option without a stack, and fails", async () => {
  const child = spawn(process.execPath, [bin, "--port", "x"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [[code], text] = await Promise.all([
    once(child, "exit"),
    child.stderr.setEncoding("utf8").toArray(),
  ]);
  expect(code).toBe(1);
  expect(text.join("")).toBe(
    'wechat-simulator: --port needs a whole number from 0 to 65535, not "x".\n',
  );
});

/** True if the command answered a token request as the platform does. */
async function isGranted(url: string): Promise<boolean> {
  try {
    const query = "grant_type=client_credential&appid=wx1&secret=s1";
    const response = await fetch(`${url}/cgi-bin/token?${query}`);
    const body: unknown = JSON.parse(await response.text());
    return typeof body === "object" && body !== null && "access_token" in body;
  } catch {
    return false;
  }
}

test.each([
  ["100", "spoils at least ten of 40 requests", 10],
  ["0", "spoils none of 40 requests", 0],
])(
  "the command with --chaos %s %s, and stops on SIGTERM",
  async (percent, _sentence, harmedMin) => {
    const args = ["--account", "wx1:s1", "--chaos", percent];
    const child = spawn(process.execPath, [bin, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const url = String((await lines.next()).value);
    let harmed = 0;
    await new Promise<void>((resolve) => {
      const requests = Array.from({ length: 40 }, async () => {
        if (await isGranted(url)) return;
        harmed += 1;
        // A late answer takes up to 10 s, and is not waited for.
        if (harmed === harmedMin) resolve();
      });
      void Promise.all(requests).then(() => resolve());
    });
    expect(harmed).toBe(harmedMin);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  },
);
