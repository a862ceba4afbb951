/** Requests that wait for a change, and may not keep a process alive meanwhile. */
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Socket } from "node:net";
import { member } from "./member.ts";

const created = "undici:request:create";
const sent = "undici:client:sendHeaders";

/**
 * Calls `send`. The connection of a request that it makes with Node's `fetch` keeps no process
 * alive once the request was sent, until the connection is used again.
 *
 * `fetch` has no option for that, and a client of its own would ignore the process's dispatcher,
 * which may know a proxy or a certificate. But `fetch` publishes the connection of each request
 * (Node 22 to 26, seen 2026-11). Where it does not, and over HTTP/2, whose connections are shared
 * with requests that are awaited, the request keeps the process alive until it ends.
 */
export async function keepNoProcessAlive<T>(send: () => Promise<T>): Promise<T> {
  const scope = new AsyncLocalStorage<true>();
  const own = new Set<unknown>();
  const onCreated = (message: unknown): void => {
    if (scope.getStore() === true) own.add(member(message, "request"));
  };
  const onSent = (message: unknown): void => {
    const socket = member(message, "socket");
    if (!own.has(member(message, "request")) || !(socket instanceof Socket)) return;
    if (!("alpnProtocol" in socket) || socket.alpnProtocol !== "h2") socket.unref();
  };
  subscribe(created, onCreated);
  subscribe(sent, onSent);
  try {
    return await scope.run(true, send);
  } finally {
    unsubscribe(created, onCreated);
    unsubscribe(sent, onSent);
  }
}
