import { describe, expect, test } from "vitest";
import { answerBytesMax } from "../transport/platform-answer.ts";
import { peekRefusal } from "./peek-refusal.ts";

const refusal = '{"errcode":40001,"errmsg":"no"}';

/** A response whose body comes in these chunks, and whether its source was cancelled. */
function chunked(...chunks: string[]): { response: Response; ended: string[] } {
  const ended: string[] = [];
  const left = [...chunks];
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const next = left.shift();
        if (next === undefined) controller.close();
        else controller.enqueue(new TextEncoder().encode(next));
      },
      cancel: () => void ended.push("cancelled"),
    },
    { highWaterMark: 0 },
  );
  return { response: new Response(body), ended };
}

describe("a refusal", () => {
  test("is found behind a byte order mark and white space, however the chunks split them", async () => {
    const { response } = chunked("\ufeff", " \t\r\n", refusal);
    await expect(peekRefusal(response, [])).resolves.toMatchObject({ errcode: 40001 });
    await expect(response.text()).resolves.toContain('"errcode":40001');
  });

  test("is found in an answer of 64 KiB, and not in a longer one", async () => {
    const padded = (length: number): Response => new Response(refusal.padEnd(length));
    await expect(peekRefusal(padded(answerBytesMax), [])).resolves.toBeDefined();
    await expect(peekRefusal(padded(answerBytesMax + 1), [])).resolves.toBeUndefined();
  });

  test.each([
    ["without a body", new Response(null)],
    ["that is empty", new Response("")],
    ["that begins with another control character", new Response(`\u0008${refusal}`)],
    ["that begins with letters", new Response(`x${refusal}`)],
    ["that is half an object", new Response('{"errcode":')],
  ])("is not found in an answer %s", async (_title, response) => {
    await expect(peekRefusal(response, [])).resolves.toBeUndefined();
  });

  test("is not searched for in an answer whose body was already read", async () => {
    const response = new Response(refusal);
    await response.text();
    await expect(peekRefusal(response, [])).resolves.toBeUndefined();
  });
});

test("an answer that is no refusal is cancelled on both branches once its reader cancels", async () => {
  const { response, ended } = chunked("picture", "more", "and more");
  await expect(peekRefusal(response, [])).resolves.toBeUndefined();
  expect(ended).toEqual([]);
  await response.body?.cancel();
  expect(ended).toEqual(["cancelled"]);
});
