/**
 * Checks that the page shows the code that the command runs, and that all its dependencies are
 * pinned.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const textOf = (path: string): string =>
  readFileSync(join(import.meta.dirname, "../../interop", path), "utf8");
const programs = [
  "go/shared_token.go",
  "java/src/main/java/SharedTokenConfig.java",
  "python/shared_token.py",
  "php/shared_token.php",
];

test.each(["other-languages.md", "other-languages.zh-CN.md"])(
  "%s shows the code that runs",
  (page) => {
    const text = textOf(`../../../docs/recipes/${page}`);
    for (const program of programs)
      expect(text, program).toContain(
        textOf(program)
          .replace(/^<\?php\s+/, "")
          .trim(),
      );
  },
);

test.each(["plain-http.md", "plain-http.zh-CN.md"])("%s shows the samples that run", (page) => {
  const text = textOf(`../../../docs/recipes/${page}`);
  for (const sample of [
    "curl.sh",
    "go/plain.go",
    "java/Plain.java",
    "php/plain.php",
    "python/plain.py",
  ])
    expect(text, sample).toContain(
      textOf(`plain/${sample}`)
        .replace(/^<\?php\s+/, "")
        .trim(),
    );
});

test("every SDK and library is pinned to one version", () => {
  const python = textOf("python/requirements.txt").trim().split("\n");
  expect(python.filter((line) => !/^[a-z0-9-]+==[0-9.a-z]+$/i.test(line))).toEqual([]);
  const java = [...textOf("java/pom.xml").matchAll(/<version>(.*?)<\/version>/g)].map(
    ([, version]) => version ?? "",
  );
  expect(java.filter((version) => !/^\d[\d.]*$/.test(version))).toEqual([]);
  expect(textOf("go/go.sum")).toContain("github.com/silenceper/wechat/v2 v2.1.10 h1:");
});
