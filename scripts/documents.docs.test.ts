/**
 * Runs and type-checks every code block of every README and of every page in `docs`. A translated
 * page has its original's code, which `translations.test.ts` checks, so it is not run.
 */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { postgres, standalone } from "@lingpai/test-servers";
import { afterAll, describe, expect, test } from "vitest";
import { type Block, blocksOf, runnable, shown } from "./blocks.ts";
import { run } from "./process.ts";
import { createSandbox, writeTypecheck } from "./sandbox.ts";
import { toolPath } from "./tools.ts";
import { isTranslation } from "./translations.ts";
import { type Member, members, root } from "./workspace.ts";

interface Document {
  readonly path: string;
  readonly owner: string;
  readonly blocks: readonly Block[];
}

interface Service {
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void> | void;
}

function documentsIn(owner: string): Document[] {
  const names = readdirSync(join(root, owner)).filter(
    (name) => /^README(\.[\w-]+)?\.md$/.test(name) && !isTranslation(name),
  );
  return names.map((name) => documentAt(owner === "." ? name : `${owner}/${name}`, owner));
}

function documentAt(path: string, owner: string): Document {
  return { path, owner, blocks: blocksOf(readFileSync(join(root, path), "utf8")) };
}

const pages = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
  .map((name) => `docs/${name.replaceAll("\\", "/")}`)
  .filter((path) => path.endsWith(".md") && !isTranslation(path))
  .toSorted();

const documents = [
  ...[".", ...members().map((member) => member.path)].flatMap(documentsIn),
  ...pages.map((path) => documentAt(path, ".")),
];
const sandboxes = new Map(
  documents.map(({ path, owner }) => [
    path,
    createSandbox(path.replaceAll(/[^\w-]+/g, "-"), owner),
  ]),
);
const services = new Map<string, Promise<Service>>();

afterAll(async () => {
  for (const service of services.values()) await (await service).stop();
});

/** Each service is started once for all documents. */
function serve(name: string, start: () => Promise<Service>): Promise<Service> {
  const started = services.get(name) ?? start();
  services.set(name, started);
  return started;
}

/** The servers that a block may need, each with the variable that names it. */
const needs: Readonly<Record<string, () => Promise<Service>>> = {
  async redis() {
    const server = await standalone();
    return { env: { REDIS_URL: server.url }, stop: () => server.stop() };
  },
  async postgres() {
    const server = await postgres();
    return { env: { POSTGRES_URL: server.url }, stop: () => server.stop() };
  },
};

async function startNeed(name: string): Promise<Service> {
  const start = needs[name];
  if (start === undefined)
    throw new Error(`"needs: ${name}" is not known; there is ${Object.keys(needs).join(", ")}`);
  return start();
}

/**
 * Starts a workspace package's command and waits for the address that it prints first; blocks find
 * it in `FOLDER_NAME_URL`.
 */
async function startCompanion(name: string): Promise<Service> {
  const member = members().find(({ path }) => path.endsWith(`/${name}`));
  const child = spawn(process.execPath, [commandOf(member, name)], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const [, found] = /(https?:\/\/\S+)\s/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once("exit", (code) =>
      reject(new Error(`${name} ended with ${code} before it printed an address: ${said}`)),
    );
  });
  return {
    env: { [`${name.toUpperCase().replaceAll("-", "_")}_URL`]: url },
    stop: () => void child.kill(),
  };
}

function commandOf(member: Member | undefined, name: string): string {
  const bin = member?.manifest.bin;
  const file = typeof bin === "string" ? bin : Object.values(bin ?? {})[0];
  if (member === undefined || file === undefined)
    throw new Error(`"with: ${name}" names no workspace package that has a command`);
  return join(member.folder, file);
}

function fileOf(path: string, { line, language }: Block): string {
  return join(sandboxes.get(path) ?? "", `line-${line}.${language}`);
}

async function execute(path: string, block: Block): Promise<void> {
  const needs = block.needs.map((name) => serve(name, () => startNeed(name)));
  const companions = block.companions.map((name) => serve(name, () => startCompanion(name)));
  const started = await Promise.all([...needs, ...companions]);
  const env = {
    ...Object.assign({}, ...started.map((service) => service.env)),
    PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env["PATH"] ?? ""}`,
  };
  const file = fileOf(path, block);
  if (block.language === "sh")
    await run("bash", ["-euo", "pipefail", "-c", block.code], { cwd: root, env });
  else await run(process.execPath, [file], { cwd: dirname(file), env, timeoutMs: 60_000 });
}

for (const { path, blocks } of documents) {
  for (const block of blocks.filter(({ language }) => runnable.has(language)))
    writeFileSync(fileOf(path, block), block.code);
}

describe.for(documents)("$path", ({ path, blocks }) => {
  test("names every block's language so that it either runs or is clearly not meant to", () => {
    const unknown = blocks.filter(
      ({ language }) => !runnable.has(language) && !shown.has(language),
    );
    expect(
      unknown.map(
        ({ line, language }) =>
          `line ${line}: use ts, js or sh, or text for what cannot run, not "${language}"`,
      ),
    ).toEqual([]);
  });

  test.for(blocks.filter(({ language }) => runnable.has(language)))(
    "runs the $language of line $line",
    async (block) => {
      await expect(execute(path, block)).resolves.toBeUndefined();
    },
  );
});

test("the documents' TypeScript type-checks in a reader's project", async () => {
  const config = writeTypecheck([...sandboxes.values()]);
  await expect(
    run(process.execPath, [toolPath("typescript", "tsc"), "-p", config], { cwd: root }),
  ).resolves.toBe("");
});
