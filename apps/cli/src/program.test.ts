import { afterEach, describe, expect, test, vi } from "vitest";
import { programOf } from "./program.ts";
import { runLingpai } from "./run.ts";

async function lingpai(...args: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runLingpai(args, {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

const commands = [
  "doctor",
  "status",
  "events",
  "token",
  "refresh",
  "revoke",
  "reject",
  "seed",
  "unclaim",
];

describe("the variables of the options", () => {
  afterEach(() => vi.unstubAllEnvs());

  test("exist for every option of every command except --fix, with the option's name", () => {
    const program = programOf({ out() {}, err() {} }, () => {});
    const all = program.commands.flatMap((command) =>
      command.commands.length === 0 ? [command] : [...command.commands],
    );
    const options = all.flatMap((command) => command.options);
    expect(options.filter(({ envVar }) => envVar === undefined).map(({ long }) => long)).toEqual([
      "--fix",
    ]);
    for (const { envVar, long = "" } of options)
      if (envVar !== undefined)
        expect(envVar.replaceAll("_FILE", "").replaceAll("_", "-").toLowerCase()).toContain(
          long?.slice(2).replaceAll("-file", ""),
        );
  });

  test("are parsed like their option, and the option overrides them", async () => {
    vi.stubEnv("LINGPAI_SEED_EXPIRES_IN", "soon");
    const store = ["seed", "--store", "sqlite:x"];
    const byVariable = await lingpai(...store);
    expect(byVariable.err).toMatch(/LINGPAI_SEED_EXPIRES_IN|expires-in/);
    const byOption = await lingpai(...store, "--expires-in", "7200");
    expect(byOption.err).toMatch(/No environment is named/);
  });
});

describe("the command line", () => {
  test.each([...commands, "demo", "simulate", "config check"])(
    "prints the help of %s with examples on stdout",
    async (name) => {
      const { code, err, out } = await lingpai(...name.split(" "), "--help");
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toMatch(/Examples:\n {2}lingpai |Examples:\n {2}TOKEN/);
    },
  );

  test("prints a help that lists every command, with the server's own help for serve", async () => {
    const { out } = await lingpai("--help");
    for (const name of [...commands, "demo", "serve", "simulate", "config"])
      expect(out).toMatch(new RegExp(`^  ${name}\\b`, "m"));
    expect(await lingpai("serve", "--help")).toMatchObject({
      code: 0,
      out: expect.stringContaining("Usage: lingpai serve") as string,
    });
  });

  test.each([
    ["doctor --nonsense", /unknown option/],
    ["nonsense", /unknown command/],
    ["token --mode other", /Allowed choices are stable, plain/],
    ["doctor --store nonsense", /Give one of redis:/],
    ["seed", /--expires-in/],
    ["token --store sqlite:x", /No environment is named/],
    ["serve --nonsense", /unknown option/],
  ])("exits with 2 for %s, and explains the correct use on stderr", async (line, says) => {
    expect(await lingpai(...line.split(" "))).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringMatching(says) as string,
    });
  });

  test("accepts no secret as an argument", async () => {
    for (const name of commands) {
      const { out } = await lingpai(name, "--help");
      const options = out.match(/--[a-z-]+ <[a-z]+>/g) ?? [];
      expect(options.filter((option) => /(secret|token|seal|key)\b(?!-file)/.test(option))).toEqual(
        [],
      );
    }
  });
});
