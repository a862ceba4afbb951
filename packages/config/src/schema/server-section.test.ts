import { inspect } from "node:util";
import { expect, test } from "vitest";
import { loadConfig } from "../live/open-config.ts";
import { objectSource } from "../sources/object.ts";
import { variableSource } from "../sources/files/variables.ts";
import { minimal, refusalOf, world } from "../world.fixture.ts";

const signing = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const url = "https://hooks.example.com/lingpai?key=s3cr3t";
const load = (env: Record<string, string>): ReturnType<typeof loadConfig> =>
  loadConfig(world(objectSource(minimal), variableSource({ env })).options);

test("a server has defaults, and listens on this machine only", async () => {
  expect((await load({})).server).toEqual({
    host: "127.0.0.1",
    port: 8_720,
    dataDirectory: "lingpai-data",
    holdMs: 300_000,
    stopWithinMs: 10_000,
    tls: undefined,
    webhooks: {},
  });
});

test("variables configure a server, and its webhooks by name", async () => {
  const { server, values } = await load({
    LINGPAI_SERVER_HOST: "0.0.0.0",
    LINGPAI_SERVER_PORT: "443",
    LINGPAI_SERVER_TLS_CERTIFICATE: "/tls/tls.crt",
    LINGPAI_SERVER_TLS_KEY: "/tls/tls.key",
    LINGPAI_SERVER_WEBHOOKS_ON_CALL_URL: url,
    LINGPAI_SERVER_WEBHOOKS_ON_CALL_SECRET: signing,
    LINGPAI_SERVER_WEBHOOKS_ON_CALL_EVENTS: "revoked, contended",
  });
  expect(server).toMatchObject({ host: "0.0.0.0", port: 443 });
  expect(server.tls).toEqual({ certificate: "/tls/tls.crt", key: "/tls/tls.key" });
  const hook = server.webhooks["on-call"]!;
  expect(hook.events).toEqual(["contended", "revoked"]);
  expect([hook.url.reveal(), hook.secret.reveal()]).toEqual([url, signing]);
  expect(inspect([server, values], { depth: 9 })).not.toMatch(/s3cr3t|whsec_/);
});

test.each([
  ["half a TLS", { LINGPAI_SERVER_TLS_KEY: "k.pem" }, /server\.tls needs both/],
  ["a webhook without a secret", { LINGPAI_SERVER_WEBHOOKS_A_URL: url }, /a\.secret is missing/],
  ["a short secret", { LINGPAI_SERVER_WEBHOOKS_A_SECRET: "whsec_AAAA" }, /24 random bytes/],
  ["another scheme", { LINGPAI_SERVER_WEBHOOKS_A_URL: "ftp://x/" }, /is not a web address/],
  ["a user in the address", { LINGPAI_SERVER_WEBHOOKS_A_URL: "https://u:p@x/" }, /without a user/],
  ["an unknown event", { LINGPAI_SERVER_WEBHOOKS_A_EVENTS: "refreshed" }, /names of contended/],
  ["a misspelt name", { LINGPAI_SERVER_HOTS: "::1" }, /Did you mean LINGPAI_SERVER_HOST/],
  ["a port out of range", { LINGPAI_SERVER_PORT: "70000" }, /from 0 to 65535/],
])("%s is refused with its place", async (_, env, text) => {
  expect(await refusalOf(load(env))).toMatch(text);
});

test("variables that Kubernetes sets for a service named lingpai-server are ignored", async () => {
  const config = await load({
    LINGPAI_SERVER_PORT: "tcp://10.96.0.7:8720",
    LINGPAI_SERVER_SERVICE_HOST: "10.96.0.7",
    LINGPAI_SERVER_PORT_8720_TCP_ADDR: "10.96.0.7",
  });
  expect(config.server.port).toBe(8_720);
});
