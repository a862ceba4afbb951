import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { freePorts } from "@lingpai/test-servers";
import { expect, test } from "vitest";

const main = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Prints, when the process exits, how long it has had nothing more to say. */
const watchExit = `
  let saidAt = 0;
  const { stderr } = process;
  const write = stderr.write.bind(stderr);
  stderr.write = (chunk, ...rest) => {
    if (String(chunk) !== "") saidAt = performance.now();
    return write(chunk, ...rest);
  };
  process.on("exit", () => process.stdout.write(String(Math.round(performance.now() - saidAt))));`;

test.each(["redis://127.0.0.1:PORT", "redis-sentinel://127.0.0.1:PORT/mymaster"])(
  "a command ends at once when it has said that its store (%s) cannot be reached",
  async (address) => {
    const [port] = await freePorts(1);
    const watched = `data:text/javascript,${encodeURIComponent(watchExit)}`;
    const child = spawn(process.execPath, [
      "--import",
      watched,
      main,
      "doctor",
      "--store",
      address.replace("PORT", String(port)),
    ]);
    const [lingeredMs, said, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close") as Promise<[number]>,
    ]);
    expect(said).toMatch(/^lingpai: .*\n$/);
    expect(code).toBe(3);
    // ioredis alone keeps a process for 2 s.
    expect(Number(lingeredMs)).toBeLessThan(1_000);
  },
);
