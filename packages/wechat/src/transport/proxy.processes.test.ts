/**
 * A case that needs the runtime's own proxy support: a process reaches the platform through a proxy
 * that refuses.
 */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";

const program = `
import { stableToken } from ${JSON.stringify(new URL("../tokens/stable-token.ts", import.meta.url).href)};
const issuer = stableToken({ appId: "wx0123456789abcdef", secret: "0123456789abcdef0123456789abcdef", baseUrl: "https://127.0.0.1:9443" });
const request = { signal: AbortSignal.timeout(20_000), reason: "cold", forced: false, current: undefined, parent: undefined };
const { outcome, message } = await issuer.issue(request).catch((error) => error);
console.log(JSON.stringify({ outcome, message }));
`;

test.each([
  [407, "Proxy Authentication Required"],
  [502, "Bad Gateway"],
])("a proxy that refuses CONNECT with %d lets nothing reach the platform", async (status, text) => {
  const connects: string[] = [];
  const proxy = createServer();
  proxy.on("connect", ({ url }, socket) => {
    connects.push(url ?? "");
    socket.end(`HTTP/1.1 ${status} ${text}\r\n\r\n`);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo; // an address is a string only for a pipe
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    env: {
      ...process.env,
      NODE_USE_ENV_PROXY: "1",
      HTTPS_PROXY: url,
      HTTP_PROXY: url,
      NO_PROXY: "",
      no_proxy: "",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  await new Promise((resolve) => child.once("close", resolve));
  proxy.close();
  expect(connects).toEqual(["127.0.0.1:9443"]);
  expect(JSON.parse(printed)).toMatchObject({
    outcome: "unsent",
    message: expect.stringContaining(`PROXY_${status}`),
  });
});
