/** Reads INFO and settings of each Redis server, and which of them it refuses. */
import { CacheUnavailableError, waitFor } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import type { NodePort, RedisPort } from "@lingpai/redis";
import { redisError } from "@lingpai/redis";

/** How long one answer may take, in ms. */
const answerMs = 5_000;

export interface RedisServer {
  /** For evidence: `server 2 of 3`, or `the server`. */
  readonly name: string;
  /** A field of INFO. Undefined if the server does not report it. */
  info(field: string): string | undefined;
  /** True if INFO was refused. */
  readonly isSilent: boolean;
  /** A setting. Undefined if CONFIG GET is refused, as managed services do. */
  setting(name: string): Promise<string | undefined>;
  /** @throws {CacheUnavailableError} The server refuses or does not answer. */
  command(...parts: string[]): Promise<unknown>;
}

/** @throws {CacheUnavailableError} No server answers. */
export async function serversOf(port: RedisPort, clock: Clock): Promise<readonly RedisServer[]> {
  const nodes = await answered(Promise.resolve(port.primaries()), port, clock);
  return Promise.all(
    nodes.map(async (node, index) => {
      const name = nodes.length === 1 ? "the server" : `server ${index + 1} of ${nodes.length}`;
      return serverOf(name, node, port, clock);
    }),
  );
}

async function serverOf(
  name: string,
  node: NodePort,
  port: RedisPort,
  clock: Clock,
): Promise<RedisServer> {
  const command = (...parts: string[]): Promise<unknown> =>
    answered(node.command(...parts), port, clock);
  const text = await unlessRefused(command("INFO"));
  const fields = new Map(
    String(text ?? "")
      .split(/\r?\n/)
      .map((line): [string, string] => {
        const colon = line.indexOf(":");
        return [line.slice(0, Math.max(0, colon)), line.slice(colon + 1)];
      }),
  );
  return {
    name,
    info: (field) => fields.get(field),
    isSilent: text === undefined,
    command,
    async setting(wanted) {
      const reply = await unlessRefused(command("CONFIG", "GET", wanted));
      if (Array.isArray(reply)) return reply.length < 2 ? undefined : String(reply[1]);
      if (typeof reply !== "object" || reply === null) return undefined;
      const value = (reply as Record<string, unknown>)[wanted];
      return value === undefined ? undefined : String(value);
    },
  };
}

/** Settles within the limit, with core's error. */
export async function answered<T>(answer: Promise<T>, port: RedisPort, clock: Clock): Promise<T> {
  try {
    return await waitFor(answer, {
      deadline: {
        clock,
        ms: answerMs,
        onLate: () => {
          throw new CacheUnavailableError(`Redis did not answer within ${answerMs} ms.`, {
            reason: "timeout",
          });
        },
      },
    });
  } catch (error) {
    throw redisError(error, port.kind);
  }
}

/** Undefined if the server refuses. No answer is an error. */
export async function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CacheUnavailableError && isGone(error)) throw error;
    return undefined;
  }
}

/** True if the store cannot be reached, so that nothing can be checked. */
export function isGone({ reason }: CacheUnavailableError): boolean {
  return ["timeout", "disconnected", "unauthorized", "loading", "cluster-down"].includes(reason);
}
