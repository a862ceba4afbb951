import { generateKeyPairSync } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom } from "@lingpai/core";
import { etcd, until } from "@lingpai/test-servers";
import type { Database } from "@lingpai/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openConfig } from "../../live/open-config.ts";
import { appId, refusalOf, secret } from "../../world.fixture.ts";
import { etcdSource } from "./etcd.ts";
import type { EtcdSourceOptions } from "./etcd.ts";
import { follower } from "./follower.fixture.ts";

let server: Database;

beforeAll(async () => {
  server = await etcd();
});

afterAll(async () => {
  await server.stop();
});

/** Sends one request to etcd itself, without the source. */
async function call(
  path: string,
  body: object,
  token?: string,
  at: Database = server,
): Promise<Record<string, unknown>> {
  const headers = token === undefined ? {} : { authorization: token };
  const response = await fetch(`${at.url}${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers,
  });
  const answer: Record<string, unknown> = JSON.parse(await response.text());
  return answer;
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const put = (key: string, value: string): Promise<unknown> =>
  call("/v3/kv/put", { key: base64(key), value: base64(value) });
const source = (options: Omit<EtcdSourceOptions, "url">): ReturnType<typeof etcdSource> =>
  etcdSource({ url: server.url, ...options });

async function values(options: Omit<EtcdSourceOptions, "url">): Promise<unknown[]> {
  const context = {
    environment: "prod",
    clock: systemClock,
    random: systemRandom,
    signal: new AbortController().signal,
  };
  return (await source(options).load(context)).map(({ path, value, place }) => [
    path.join("."),
    value,
    place,
  ]);
}

describe("a real etcd", () => {
  test("returns all keys below a prefix, and no others", async () => {
    await put("a/apps/main/mode", "plain");
    await put("a/store/prefix", "令牌");
    await put("b/node", "other");
    await put("a", "beside");
    expect(
      await values({ prefix: (environment) => (environment === "prod" ? "a/" : "none/") }),
    ).toEqual([
      ["apps.main.mode", "plain", "etcd a/apps/main/mode"],
      ["store.prefix", "令牌", "etcd a/store/prefix"],
    ]);
    expect(await values({ prefix: "none/" })).toEqual([]);
    expect((await values({ prefix: "" })).length).toBe(4);
  });

  test("returns a document under one key, with its lines", async () => {
    await put("lingpai.json", '{\n  "node": "api-1"\n}');
    expect(await values({ key: "lingpai.json" })).toEqual([
      ["node", "api-1", "etcd lingpai.json:2"],
    ]);
    expect(await values({ key: "absent.yaml" })).toEqual([]);
  });

  test("keeps no process alive by what it watches, whether its configuration is closed or not", async () => {
    await put("exit/apps/main/appId", appId);
    await put("exit/apps/main/secret", secret);
    const followed = `etcdSource(${JSON.stringify({ url: server.url, prefix: "exit/" })})`;
    const ended = [follower(followed), follower(followed, { atLast: "await config.close();" })];
    expect(await Promise.all(ended)).toEqual(["listened []\n", "listened []\n"]);
  });

  test("reports changes below a prefix, even after etcd was restarted", async () => {
    await put("live/apps/main/appId", appId);
    await put("live/apps/main/secret", secret);
    const config = await openConfig({
      environment: "prod",
      sources: [source({ prefix: "live/" })],
      debounceMs: 20,
    });
    try {
      await put("live/apps/main/mode", "plain");
      await until(
        "the change is in force",
        async () => config.current.apps["main"]?.mode === "plain",
      );
      await server.restart();
      await put("live/node", "after-restart");
      await until(
        "a change after the restart is in force",
        async () => config.current.node !== undefined,
      );
      expect(config.current.values.find(({ path }) => path === "node")).toEqual({
        path: "node",
        value: "after-restart",
        place: "etcd live/node",
      });
    } finally {
      await config.close();
    }
  });

  test("needs a password if its authentication is on", async () => {
    await put("auth/node", "a");
    await call("/v3/auth/user/add", { name: "root", password: "correct-horse-battery" });
    await call("/v3/auth/role/add", { name: "root" });
    await call("/v3/auth/user/grant", { user: "root", role: "root" });
    await call("/v3/auth/enable", {});
    try {
      expect(
        await values({ prefix: "auth/", username: "root", password: "correct-horse-battery" }),
      ).toEqual([["node", "a", "etcd auth/node"]]);
      const wrong = await refusalOf(
        values({ prefix: "auth/", username: "root", password: "wrong-password-here" }),
      );
      expect(wrong).toMatch(/^answered POST \/v3\/auth\/authenticate with HTTP 4\d\d/);
      expect(await refusalOf(values({ prefix: "auth/" }))).toMatch(
        /^answered POST \/v3\/kv\/range with HTTP 4\d\d/,
      );
    } finally {
      const { token } = await call("/v3/auth/authenticate", {
        name: "root",
        password: "correct-horse-battery",
      });
      await call("/v3/auth/disable", {}, String(token));
    }
  });
});

/**
 * An etcd with signed tokens. It answers 400 to a token that is older than the last change of
 * users.
 */
async function etcdWithSignedTokens(directory: string): Promise<Database> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  // The server runs as a user of its own.
  await chmod(directory, 0o755);
  await writeFile(join(directory, "public.pem"), publicKey);
  await writeFile(join(directory, "private.pem"), privateKey);
  const keys = `pub-key=${join(directory, "public.pem")},priv-key=${join(directory, "private.pem")}`;
  return etcd(["--auth-token", `jwt,${keys},sign-method=RS256,ttl=10m`]);
}

test("a change of etcd's users ends no read and no watch, although it invalidates every signed token", async () => {
  const directory = await mkdtemp(join(tmpdir(), "lingpai-etcd-"));
  const signed = await etcdWithSignedTokens(directory);
  try {
    const password = "correct-horse-battery";
    const root = async (path: string, body: object): Promise<unknown> => {
      const { token } = await call(
        "/v3/auth/authenticate",
        { name: "root", password },
        undefined,
        signed,
      );
      return call(path, body, String(token), signed);
    };
    await call("/v3/auth/user/add", { name: "root", password }, undefined, signed);
    await call("/v3/auth/role/add", { name: "root" }, undefined, signed);
    await call("/v3/auth/user/grant", { user: "root", role: "root" }, undefined, signed);
    await call("/v3/auth/enable", {}, undefined, signed);
    const write = (key: string, value: string): Promise<unknown> =>
      root("/v3/kv/put", { key: base64(key), value: base64(value) });
    await write("jwt/apps/main/appId", appId);
    await write("jwt/apps/main/secret", secret);
    const made = etcdSource({ url: signed.url, prefix: "jwt/", username: "root", password });
    const config = await openConfig({ environment: "prod", sources: [made], debounceMs: 20 });
    await root("/v3/auth/user/add", { name: "somebody", password: "another-password" });
    expect(await config.reload()).toEqual([]);
    await write("jwt/node", "after-the-change");
    await until("the change is in force", async () => config.current.node === "after-the-change");
    expect(config.status.map(({ watch, problems }) => [watch, problems])).toEqual([
      ["listening", []],
    ]);
    await config.close();
  } finally {
    await signed.stop();
    await rm(directory, { recursive: true });
  }
});
