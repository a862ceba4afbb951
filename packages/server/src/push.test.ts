/** The platform's push endpoints. A receiver gets the request, limited in size and time. */
import { expect, test } from "vitest";
import { requestOf, serverWorld } from "./server-world.fixture.ts";

test("a push reaches its own receiver without a server key", async () => {
  const world = serverWorld();
  const seen: string[] = [];
  const receiver = (name: string) => async (request: Request) => {
    seen.push(`${name} ${request.method} ${new URL(request.url).search} ${await request.text()}`);
    return new Response("success");
  };
  const replica = world.replica("a", {
    push: { component: receiver("component"), "wecom-data": receiver("data") },
  });
  const xml = { body: "<xml/>", headers: { "content-type": "text/xml" } };
  const answered = await replica.ask("/v1/push/component?msg_signature=s&nonce=1", xml);
  expect(await answered.text()).toBe("success");
  await replica.ask("/v1/push/wecom-data?echostr=e");
  expect(seen).toEqual(["component POST ?msg_signature=s&nonce=1 <xml/>", "data GET ?echostr=e "]);
  expect((await replica.ask("/v1/push/suite", xml)).status).toBe(404);
  await world.close();
});

test("a push that is too large or never ends reaches no receiver", async () => {
  const world = serverWorld();
  const replica = world.replica("a", {
    push: { component: () => Promise.reject(new Error("it was called")) },
  });
  const large = await replica.ask("/v1/push/component", { body: "x".repeat(300_000) });
  expect(large.status).toBe(413);
  const silent = new ReadableStream({ start: (c) => c.enqueue(new Uint8Array([60])) });
  const slow = replica.server.handle(requestOf("/v1/push/component", { body: silent }));
  expect((await world.during(slow)).status).toBe(408);
  expect(replica.errors).toEqual([]);
  await world.close();
});
