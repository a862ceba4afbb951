import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom } from "@lingpai/core";
import { afterEach, describe, expect, test } from "vitest";
import { refusalOf, secret } from "../../world.fixture.ts";
import { variableSource } from "./variables.ts";
import type { VariableSourceOptions } from "./variables.ts";
import { watched } from "../watched.fixture.ts";

const directories: string[] = [];

afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

async function read(
  env: Readonly<Record<string, string>>,
  options: VariableSourceOptions = {},
): Promise<unknown[]> {
  const context = {
    environment: "prod",
    clock: systemClock,
    random: systemRandom,
    signal: AbortSignal.abort(),
  };
  const settings = await variableSource({ env, ...options }).load(context);
  return settings.map(({ path, value, place }) => [path.join("/"), value, place]);
}

describe("environment variables", () => {
  test("name settings, with apps and keys in lower case", async () => {
    expect(
      await read({
        LINGPAI_ENVIRONMENT: "prod",
        LINGPAI_NODE: "api-1",
        LINGPAI_APPS_MY_APP_APP_ID: "wx1",
        LINGPAI_APPS_MAIN_PARAMETERS_QUOTA_PER_DAY: "200",
        LINGPAI_STORE_SEALING_KEYS_2026_05: "k",
        PATH: "/bin",
      }),
    ).toEqual([
      ["apps/main/parameters/quotaPerDay", "200", "LINGPAI_APPS_MAIN_PARAMETERS_QUOTA_PER_DAY"],
      ["apps/my-app/appId", "wx1", "LINGPAI_APPS_MY_APP_APP_ID"],
      ["node", "api-1", "LINGPAI_NODE"],
      ["store/sealing/keys/2026-05", "k", "LINGPAI_STORE_SEALING_KEYS_2026_05"],
    ]);
  });

  test("name files with secrets, whose content counts without one line end", async () => {
    const directory = await mkdtemp(join(tmpdir(), "lingpai-variables-"));
    directories.push(directory);
    const file = join(directory, "secret");
    await writeFile(file, `${secret}\r\n`);
    expect(await read({ LINGPAI_APPS_MAIN_SECRET_FILE: file })).toEqual([
      ["apps/main/secret", secret, "LINGPAI_APPS_MAIN_SECRET_FILE"],
    ]);
    expect(
      await refusalOf(read({ LINGPAI_APPS_MAIN_SECRET_FILE: join(directory, "none") })),
    ).toMatch(
      /LINGPAI_APPS_MAIN_SECRET_FILE: names the file ".{4}…", which cannot be read \(ENOENT\)/,
    );
    await writeFile(file, `\uFEFF${secret}\r\n`);
    expect(await read({ LINGPAI_APPS_MAIN_SECRET_FILE: file })).toEqual([
      ["apps/main/secret", secret, "LINGPAI_APPS_MAIN_SECRET_FILE"],
    ]);
    await truncate(file, 2_097_152);
    expect(await refusalOf(read({ LINGPAI_APPS_MAIN_SECRET_FILE: file }))).toContain(
      "which has 2097152 bytes; the limit is 1048576",
    );
    await writeFile(file, secret);
    const both = read({ LINGPAI_APPS_MAIN_SECRET: secret, LINGPAI_APPS_MAIN_SECRET_FILE: file });
    expect(await refusalOf(both)).toContain(
      "LINGPAI_APPS_MAIN_SECRET_FILE: sets the same as LINGPAI_APPS_MAIN_SECRET",
    );
  });

  test("cause a report when a file that one of them names is written again", async () => {
    const directory = await mkdtemp(join(tmpdir(), "lingpai-variables-"));
    directories.push(directory);
    const file = join(directory, "secret");
    await writeFile(file, "one");
    const source = watched(variableSource({ env: { LINGPAI_STORE_PASSWORD_FILE: file } }));
    await source.changed(1);
    await writeFile(file, "two");
    await source.changed(2);
    expect(await source.load()).toEqual([["store.password", "two", "LINGPAI_STORE_PASSWORD_FILE"]]);
    await source.stop();
    const silent = watched(variableSource({ env: { LINGPAI_STORE_PASSWORD: "p" } }));
    await silent.ended;
    expect([silent.changes, silent.clock.pendingTimers]).toEqual([0, 0]);
  });

  test.each([
    ["LINGPAI_STOR_URL", "is not known. Did you mean LINGPAI_STORE_URL?"],
    ["LINGPAI_APPS_MAIN_APPID", "is not known. Did you mean LINGPAI_APPS_MAIN_APP_ID?"],
    ["LINGPAI_APPS_MAIN_SECRT", "is not known. Did you mean LINGPAI_APPS_MAIN_SECRET?"],
    ["LINGPAI_ENVIROMENT", "is not known. Did you mean LINGPAI_ENVIRONMENT?"],
    ["LINGPAI_STORE_FROBNICATION_LEVEL", "is not known. See the list of variables"],
    ["LINGPAI_APPS_MAIN_MODE_FILE", "is not known."],
  ])("%s is refused", async (name, text) => {
    expect(await refusalOf(read({ [name]: "x" }))).toContain(`${name}: ${text}`);
  });

  test("are refused if they are empty, because they would override a value with nothing", async () => {
    expect(
      await refusalOf(read({ LINGPAI_STORE_URL: "", LINGPAI_STORE_PASSWORD_FILE: "" })),
    ).toMatch(
      /LINGPAI_STORE_PASSWORD_FILE: is set but empty.*\n.*LINGPAI_STORE_URL: is set but empty/,
    );
  });

  test("of other programs are ignored, and so are those that Kubernetes sets for services named lingpai", async () => {
    const kubernetes = {
      LINGPAI_SERVICE_HOST: "10.0.0.1",
      LINGPAI_PORT: "tcp://10.0.0.1:80",
      LINGPAI_STORE_SERVICE_PORT_REDIS: "6379",
      LINGPAI_STORE_PORT_6379_TCP_ADDR: "10.0.0.1",
      LINGPAI_TEST_RUN: "1",
    };
    expect(await read(kubernetes)).toEqual([]);
    expect(await read({ LINGPAI_STORE_KIND: "x" }, { foreign: ["LINGPAI_STORE_KIND"] })).toEqual(
      [],
    );
  });
});
