import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { badInputs } from "./bad-inputs.ts";
import { badRecords } from "./bad-records.ts";
import { invariants } from "./invariants.ts";
import { kinds } from "./fault-kinds.ts";
import { machineFaults } from "./machine-faults.ts";
import { pages } from "./pages.ts";
import { platformFaults } from "./platform-faults.ts";
import { promises } from "./promises.ts";
import { proofOf, sources } from "./row.ts";
import { storeFaults } from "./store-faults.ts";
import { hasSubject, sentenceOf } from "./test-titles.ts";

const root = new URL("../../../../", import.meta.url);
const numbered = (count: number, letter = ""): string[] =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
const rows = pages.flatMap((page) => page.rows);
const proofs = rows.flatMap(({ by = [] }) => by);

describe("the tables of proofs", () => {
  test.each([
    ["faults", [...storeFaults, ...platformFaults, ...machineFaults], numbered(56, "F")],
    ["kinds of fault", kinds, numbered(14, "K")],
    ["bad inputs", [...badInputs, ...badRecords], numbered(61)],
    ["promises", promises, numbered(12)],
    ["invariants", invariants, numbered(34, "I")],
  ])(
    "have every one of the %s, in order, with a test or a reason why there is none",
    (_name, listed, ids) => {
      expect(listed.map(({ id }) => id)).toEqual(ids);
      for (const { id, by = [], why } of listed)
        expect([id, by.length > 0 || why !== undefined]).toEqual([id, true]);
    },
  );

  test.each([...new Set(proofs)])(
    "quote a whole sentence of a test that exists: %s",
    async (proof) => {
      const { file, title } = proofOf(proof);
      const source = await readFile(new URL(file, root), "utf8");
      const sentence = sentenceOf(source, title);
      expect(sentence, `${file} has no title that begins so`).toBeDefined();
      expect(hasSubject(sentence ?? ""), `"${sentence}" has no subject`).toBe(true);
    },
  );

  test("list no file that no row names", () => {
    expect(
      Object.keys(sources).filter((name) => !proofs.some((proof) => proof.startsWith(`${name}: `))),
    ).toEqual([]);
  });

  test.each(pages)("are what $name shows", async ({ name, text }) => {
    expect(
      await readFile(new URL(`docs/${name}`, root), "utf8"),
      "run `node apps/e2e/src/proofs/write.ts`",
    ).toBe(text);
  });
});
