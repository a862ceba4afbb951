/** A backend on a server of its own, which is started once for all clauses. */
import { inProcess } from "@lingpai/conformance";
import type { Backend, ConnectOptions, Facts, Fixture, LinkedClient } from "@lingpai/conformance";
import { systemClock } from "@lingpai/core";
import { openLink } from "@lingpai/test-servers";
import type { Database } from "@lingpai/test-servers";
import { clientOf, openInRealTime } from "./real-time.ts";
import type { Source } from "./real-time.ts";

export const serverFacts: Facts = {
  ...inProcess,
  persistence: "server",
  sharedBetweenProcesses: true,
  toleranceMs: 200,
};

/** Of a pool of one's own, whose connections can be broken, and whose server can be restarted. */
export const linkedFacts = { linked: true, restartable: true } as const;

export interface ServerPlan {
  readonly adapter: string;
  readonly backend: string;
  readonly facts: Facts;
  start(): Promise<Database>;
  connect(server: Pick<Database, "url">): Source;
}

export function serverBackend({ adapter, backend, facts, start, connect }: ServerPlan): Backend {
  return {
    adapter,
    backend,
    facts,
    async start() {
      const server = await start();
      let end = async (): Promise<void> => {};
      const source = (): Source => {
        const made = connect(server);
        if (made.end !== undefined) end = made.end;
        return made;
      };
      const controls: Partial<Fixture> = {
        ...(facts.linked && { connect: (options) => linked(server, connect, options) }),
        ...(facts.restartable && { server: { restart: () => server.restart() } }),
      };
      return {
        open: async () => ({ ...(await openInRealTime(source)), ...controls }),
        stop: async () => {
          await end();
          await server.stop();
        },
      };
    },
  };
}

/** The default of a user. */
const linkedDeadlineMs = 500;

async function linked(
  server: Database,
  connect: ServerPlan["connect"],
  { initially, deadlineMs = linkedDeadlineMs }: ConnectOptions = {},
): Promise<LinkedClient> {
  const link = await openLink(server, "chunks");
  if (initially === "down") await link.cut();
  const source = connect({ url: server.url.replace(`:${server.port}`, `:${link.port}`) });
  // A connection that was stranded never ends by itself, so the link ends before the client that
  // waits for it, and may then complain.
  const disconnect = (): Promise<void> => link.close().then(() => source.close().catch(() => {}));
  const own = clientOf(source, { clock: systemClock, deadlineMs }, disconnect);
  return { ...own, deadlineMs, link, census: async () => ({ connections: link.connections() }) };
}
