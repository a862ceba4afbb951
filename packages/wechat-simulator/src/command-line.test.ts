import { expect, test } from "vitest";
import { optionsFrom } from "./command-line.ts";

test("the command without options has one account, any free loopback port, and the documented overlap", () => {
  expect(optionsFrom([])).toEqual({
    help: false,
    log: false,
    chaosPercent: 0,
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
  const args = [
    "--account",
    "wx1:s1",
    "--account",
    "wx2:s:2",
    "--overlap",
    "0",
    "--latency",
    "60-180",
  ];
  expect(optionsFrom(args).simulatorOptions).toMatchObject({
    accounts: [
      { appId: "wx1", secret: "s1" },
      { appId: "wx2", secret: "s:2" },
    ],
    overlapMs: 0,
    latencyMs: [60, 180],
  });
});

test("--chaos sets how many of a hundred requests meet a fault", () => {
  expect(optionsFrom(["--chaos", "7"]).chaosPercent).toBe(7);
  expect(() => optionsFrom(["--chaos", "101"])).toThrow(
    /--chaos needs a whole number from 0 to 100/,
  );
});

test("the apps of one corp are grouped", () => {
  const { corps } = optionsFrom([
    "--corp",
    "ww1:1:a",
    "--corp",
    "ww2:1:b",
    "--corp",
    "ww1:2:c",
  ]).simulatorOptions;
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
