import { describe, expect, it } from "vitest";
import { optionsFrom, replayCommand } from "./options.ts";

describe("the options of the simulation", () => {
  it("replay one seed with the same settings", () => {
    const options = optionsFrom([
      "--seeds",
      "10",
      "--nodes",
      "5",
      "--hours",
      "2",
      "--faults",
      "5",
      "--reference",
      "--push",
      "off",
      "--silent",
    ]);
    const command = replayCommand(options, 7);
    expect(command).toBe(
      "pnpm simulate --seeds 1 --seed 7 --nodes 5 --hours 2 --faults 5 --reference --push off --silent",
    );
    expect(optionsFrom(command.split(" ").slice(2))).toEqual({ ...options, seeds: 1, seed: 7 });
  });

  it.each([
    ["--seeds", "0"],
    ["--nodes", "1.5"],
    ["--hours", "x"],
    ["--faults", "-1"],
    ["--push", "maybe"],
    ["--unknown"],
  ])("refuse %s %s", (...args) => {
    expect(() => optionsFrom(args)).toThrow(/--/);
  });
});
