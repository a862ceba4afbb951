/**
 * Redis behind HTTP, as Upstash documents it: a command as a JSON array, answers in base64 on
 * request, 400 for a command that Redis refuses, 401 for another token. If the connection to Redis
 * breaks, the HTTP connection breaks too.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { openWire, ServerError } from "@lingpai/test-servers";
import type { Address, Reply, Wire } from "@lingpai/test-servers";

export interface RestServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The token and the headers that a request must have. */
export const token = "a-token-of-the-tests";

export async function startRestServer(
  redis: Address,
  login?: { readonly username: string; readonly password: string },
): Promise<RestServer> {
  let wire: Promise<Wire> | undefined;
  const connect = async (): Promise<Wire> => {
    const opened = await openWire(redis);
    if (login !== undefined) await opened.command("AUTH", login.username, login.password);
    return opened;
  };
  /** One connection, which is opened again after it was lost. */
  const run = async (command: readonly string[]): Promise<Reply> => {
    const used = (wire ??= connect());
    try {
      return await (await used).command(...command);
    } catch (error) {
      if (!(error instanceof ServerError) && wire === used) wire = undefined;
      throw error;
    }
  };
  const server = createServer((request, response) => {
    serve(request, response, run).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("There is no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await wire?.then((opened) => opened.close()).catch(() => {});
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  run: (command: readonly string[]) => Promise<Reply>,
): Promise<void> {
  const answer = (status: number, body: object): void => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (request.headers.authorization !== `Bearer ${token}`)
    return answer(401, { error: "WRONGPASS invalid or missing auth token" });
  const command = (JSON.parse(Buffer.concat(chunks).toString()) as unknown[]).map(String);
  try {
    const result = await run(command);
    answer(200, {
      result: request.headers["upstash-encoding"] === "base64" ? encoded(result) : result,
    });
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    answer(400, { error: error.message });
  }
}

function encoded(reply: Reply): unknown {
  if (Array.isArray(reply)) return reply.map(encoded);
  return typeof reply === "string" && reply !== "OK"
    ? Buffer.from(reply).toString("base64")
    : reply;
}
