/** Paths that are not regular files, and need a program of the system to make them. */
import { execFile } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { refusalOf, secret } from "../../world.fixture.ts";
import { fileSource } from "./file.ts";
import { secretsDirectorySource } from "./secrets-directory.ts";
import { variableSource } from "./variables.ts";
import { valuesOf } from "../watched.fixture.ts";

let directory = "";
const pipes: string[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lingpai-pipes-"));
});

afterEach(async () => {
  // Opens every pipe for writing at the end: a reader that still waits would keep this process
  // alive.
  for (const path of pipes.splice(0))
    closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
  await rm(directory, { recursive: true });
});

async function pipe(name: string): Promise<string> {
  const path = join(directory, name);
  await promisify(execFile)("mkfifo", [path]);
  pipes.push(path);
  return path;
}

test("a pipe is refused at once wherever a file is expected, and blocks no file access of the process", async () => {
  const names = [
    "apps.main.secret",
    "store.password",
    "node",
    "store.username",
    "store.prefix",
    "store.url",
  ];
  for (const name of names) await pipe(name);
  const message = await refusalOf(valuesOf(secretsDirectorySource(directory)));
  for (const name of names)
    expect(message).toContain(`${name} is not a regular file. Name a text file.`);
  const env = { LINGPAI_STORE_PASSWORD_FILE: join(directory, "store.password") };
  expect(await refusalOf(valuesOf(variableSource({ env })))).toContain(
    'names the file "/tmp…", which is not a regular file.',
  );
  expect(await refusalOf(valuesOf(fileSource(await pipe("lingpai.yaml"))))).toContain(
    "is not a regular file",
  );
  await writeFile(join(directory, "after"), secret);
  expect(await valuesOf(secretsDirectorySource(directory, { prefix: "after" }))).toHaveLength(1);
});
