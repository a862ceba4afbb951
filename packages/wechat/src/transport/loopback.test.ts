/** Cases that need a real connection: the runtime's own fetch against servers on loopback ports. */
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import type { IssueRequest } from "@lingpai/core";
import { afterEach, describe, expect, test } from "vitest";
import { createApi } from "../calls/api.ts";
import { fakeCredential, tokenOf } from "../calls/fake-credential.fixture.ts";
import { plainToken } from "../tokens/plain-token.ts";
import { stableToken } from "../tokens/stable-token.ts";

const appId = "wx0123456789abcdef";
const secret = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0";
const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // an address is a string only for a pipe
  return `http://127.0.0.1:${port}`;
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map(stop));
});

const request = (signal: AbortSignal = new AbortController().signal): IssueRequest => ({
  signal,
  reason: "cold",
  forced: false,
  current: undefined,
  parent: undefined,
});

describe("an issue over a real connection", () => {
  test("is unsent if no server listens", async () => {
    const baseUrl = await serve(() => undefined);
    await Promise.all(servers.splice(0).map(stop));
    await expect(stableToken({ appId, secret, baseUrl }).issue(request())).rejects.toMatchObject({
      outcome: "unsent",
      message: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  test("is unknown when the connection breaks after the request, and shows no secret", async () => {
    const baseUrl = await serve((incoming) => incoming.socket.destroy());
    const error: unknown = await plainToken({ appId, secret, baseUrl })
      .issue(request())
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ outcome: "unknown" });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret.slice(0, 8));
  });

  test("is unknown if the answer breaks off", async () => {
    const baseUrl = await serve((_incoming, outgoing) => {
      outgoing.writeHead(200, { "content-length": 100 });
      outgoing.write('{"access_token":', () => outgoing.destroy());
    });
    await expect(stableToken({ appId, secret, baseUrl }).issue(request())).rejects.toMatchObject({
      outcome: "unknown",
    });
  });

  test("is unknown if the answer is compressed and unpacks without end", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, " "));
    const baseUrl = await serve((_incoming, outgoing) =>
      outgoing.writeHead(200, { "content-encoding": "gzip" }).end(bomb),
    );
    await expect(stableToken({ appId, secret, baseUrl }).issue(request())).rejects.toMatchObject({
      outcome: "unknown",
      message: expect.stringMatching(/longer than 65536 bytes/),
    });
  });

  test("follows no redirect", async () => {
    const visits: string[] = [];
    const elsewhere = await serve((incoming, outgoing) => {
      visits.push(incoming.url ?? "");
      outgoing.end('{"access_token":"stolen","expires_in":7200}');
    });
    const baseUrl = await serve((_incoming, outgoing) =>
      outgoing.writeHead(307, { location: elsewhere }).end(),
    );
    await expect(plainToken({ appId, secret, baseUrl }).issue(request())).rejects.toMatchObject({
      outcome: "unknown",
    });
    expect(visits).toEqual([]);
  });

  test("ends with its deadline however slowly the answer arrives, and closes the connection", async () => {
    const deadline = new AbortController();
    const closed = Promise.withResolvers<void>();
    const baseUrl = await serve((incoming, outgoing) => {
      incoming.socket.on("close", closed.resolve);
      outgoing.write('{"', () => deadline.abort());
    });
    await expect(
      stableToken({ appId, secret, baseUrl }).issue(request(deadline.signal)),
    ).rejects.toMatchObject({ outcome: "unknown" });
    await closed.promise;
  });
});

describe("a business call over a real connection", () => {
  test("is sent again whole if its token is dead, and its answer shows no token", async () => {
    const received: string[] = [];
    const baseUrl = await serve(async (incoming, outgoing) => {
      let body = "";
      for await (const chunk of incoming) body += String(chunk);
      received.push(`${incoming.method} ${incoming.url} ${body}`);
      outgoing
        .writeHead(200, { "content-type": "application/json" })
        .end(received.length === 1 ? '{"errcode":40001}' : '{"errcode":0}');
    });
    const api = createApi(fakeCredential(), { baseUrl });
    const body = ReadableStream.from([new TextEncoder().encode("a stream")]);
    const response = await api.fetch(`${baseUrl}/cgi-bin/a?b=c`, {
      method: "POST",
      body,
      duplex: "half",
    });
    expect(received).toEqual(
      [1, 2].map(
        (generation) => `POST /cgi-bin/a?b=c&access_token=${tokenOf(generation)} a stream`,
      ),
    );
    expect(response.url).toBe(`${baseUrl}/cgi-bin/a?b=c`);
    const copy = response.clone();
    expect(copy.url).toBe(response.url);
    expect(inspect([response, copy], { depth: 9 })).not.toContain("live-token");
    await expect(Promise.all([response.json(), copy.json()])).resolves.toEqual([
      { errcode: 0 },
      { errcode: 0 },
    ]);
  });

  test("sends its token to no other address that an answer names", async () => {
    const visits: string[] = [];
    const elsewhere = await serve((incoming, outgoing) => {
      visits.push(incoming.url ?? "");
      outgoing.end("{}");
    });
    const baseUrl = await serve((incoming, outgoing) =>
      outgoing.writeHead(307, { location: `${elsewhere}${incoming.url}` }).end(),
    );
    const error: unknown = await createApi(fakeCredential(), { baseUrl })
      .fetch(`${baseUrl}/cgi-bin/a`)
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TypeError);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("live-token");
    expect(visits).toEqual([]);
  });
});
