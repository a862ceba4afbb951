import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { optionsFrom } from "./command-line.ts";

test("without options there is one account, on any free loopback port, with the documented overlap", () => {
  expect(optionsFrom([])).toEqual({
    help: false,
    log: false,
    listenOptions: { host: "127.0.0.1", port: 0 },
    simulatorOptions: {
      accounts: [{ appId: "wx0123456789abcdef", secret: "0123456789abcdef0123456789abcdef" }],
      corps: [],
      overlapMs: 300_000,
      lifetimeMs: 7_200_000,
      latencyMs: 0,
    },
  });
});

test("accounts, overlap and latency are as given", () => {
  const args = ["--account", "wx1:s1", "--account", "wx2:s:2", "--overlap", "0", "--latency", "60-180"];
  expect(optionsFrom(args).simulatorOptions).toMatchObject({
    accounts: [
      { appId: "wx1", secret: "s1" },
      { appId: "wx2", secret: "s:2" },
    ],
    overlapMs: 0,
    latencyMs: [60, 180],
  });
});

test("apps of one corp are gathered", () => {
  const { corps } = optionsFrom(["--corp", "ww1:1:a", "--corp", "ww2:1:b", "--corp", "ww1:2:c"]).simulatorOptions;
  expect(corps).toEqual([
    {
      corpId: "ww1",
      apps: [
        { agentId: "1", secret: "a" },
        { agentId: "2", secret: "c" },
      ],
    },
    { corpId: "ww2", apps: [{ agentId: "1", secret: "b" }] },
  ]);
});

test.each([
  [["--port", "x"], /--port needs a whole number from 0 to 65535, not "x"/],
  [["--port", ""], /--port needs a whole number/],
  [["--account", "wx1"], /--account needs APPID:SECRET/],
  [["--corp", "ww1:secret"], /--corp needs CORPID:AGENTID:SECRET/],
  [["--latency", "9-1"], /smaller value first/],
  [["--latency", "1-2-3"], /MS or MS-MS/],
  [["--what"], /--help/],
])("%j is refused with the remedy", (args, message) => {
  expect(() => optionsFrom(args)).toThrow(message);
});

const bin = fileURLToPath(new URL("./bin.ts", import.meta.url));

test("the command prints its address first, serves, and stops on SIGTERM with exit code 0", async () => {
  const child = spawn(process.execPath, [bin, "--account", "wx1:s1", "--log"], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const url = (await lines.next()).value;
  const response = await fetch(`${url}/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=s1`, {
    headers: { "user-agent": "me" },
  });
  expect(await response.json()).toMatchObject({ expires_in: 7200 });
  expect((await lines.next()).value).toMatch(/ me +issue +\/cgi-bin\/token +T1 +new$/);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("the command explains a wrong option without a stack, and fails", async () => {
  const child = spawn(process.execPath, [bin, "--port", "x"], { stdio: ["ignore", "ignore", "pipe"] });
  const [[code], text] = await Promise.all([once(child, "exit"), child.stderr.setEncoding("utf8").toArray()]);
  expect(code).toBe(1);
  expect(text.join("")).toBe('wechat-simulator: --port needs a whole number from 0 to 65535, not "x".\n');
});
