import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "@lingpai/core";
import { expect, onTestFinished, test } from "vitest";
import { appId, secret } from "../../world.fixture.ts";
import { fakeApollo } from "./apollo.fixture.ts";
import { follower } from "./follower.fixture.ts";
import type { Fetch } from "./http.ts";
import { fakeNacos } from "./nacos.fixture.ts";

interface Fake {
  readonly fetch: Fetch;
  readonly openPolls: number;
}

/** Serves a fake over HTTP, and returns its address. `/open-polls` returns their number. */
async function serve(fake: Fake): Promise<string> {
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const gone = new AbortController();
    outgoing.once("close", () => gone.abort());
    const { method = "GET", url = "/", headers } = incoming;
    if (url === "/open-polls") return void outgoing.end(`${fake.openPolls}`);
    const response = await fake.fetch(`http://127.0.0.1${url}`, {
      method,
      headers: Object.entries(headers).map(([name, value]): [string, string] => [name, `${value}`]),
      ...(method !== "GET" && { body: incoming, duplex: "half" as const }),
      signal: gone.signal,
    });
    outgoing.writeHead(response.status).end(await response.text());
  };
  const server = createServer((incoming, outgoing) => {
    // A poll whose client has gone away rejects.
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Code that waits until the fake holds a poll. */
const untilOpen = (url: string): string =>
  `while ((await (await fetch(${JSON.stringify(`${url}/open-polls`)})).text()) !== "1") await pause();`;

test("a process that follows Nacos or Apollo ends by itself while a poll is open", async () => {
  const nacos = fakeNacos({ clock: systemClock });
  const apollo = fakeApollo({ clock: systemClock });
  const content = JSON.stringify({ apps: { main: { appId, secret } } });
  nacos.publish("/DEFAULT_GROUP/lingpai.json", content);
  apollo.release("lingpai.json", { content });
  const [nacosUrl, apolloUrl] = await Promise.all([serve(nacos), serve(apollo)]);
  const ended = [
    follower(`nacosSource({ url: "${nacosUrl}/nacos", dataId: "lingpai.json" })`, {
      untilOpen: untilOpen(nacosUrl),
    }),
    follower(`apolloSource({ url: "${apolloUrl}", appId: "pay", namespaces: ["lingpai.json"] })`, {
      untilOpen: untilOpen(apolloUrl),
    }),
  ];
  expect(await Promise.all(ended)).toEqual(["listened []\n", "listened []\n"]);
});
