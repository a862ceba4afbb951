/** Random disturbances of pushes: delivered twice, encrypted again, or in odd forms. */
import type { Random } from "@lingpai/core";
import type { Push } from "./push.ts";

export interface PushChaosOptions {
  readonly random: Random;
  /**
   * The share of messages that are not delivered once and as usual, from 0 to 1.
   * @defaultValue 0.5
   */
  readonly rate?: number;
  /**
   * Encrypts a document again: `(text, more) => simulator.openPlatform.push(appId, text, more)`.
   */
  readonly seal: (text: string, more?: { readonly format: "xml" | "json" }) => Push;
}

type Deliveries = (push: Push, seal: PushChaosOptions["seal"]) => readonly Push[];

/** Adds to the document without changing what its fields say. */
const inDocument = (text: string, add: string): string =>
  text.replace(/<\/xml>\s*$/, `${add}</xml>`);

const kinds: readonly Deliveries[] = [
  (push) => [push, push],
  (push, seal) => [push, seal(push.text)],
  (push, seal) => [seal(push.text, { format: "json" })],
  // As the official page shows a suite_ticket.
  (push, seal) => [seal(push.text.replaceAll("<![CDATA[", " <![CDATA["))],
  (push, seal) => [
    seal(inDocument(push.text, "<info><name><![CDATA[a]]></name><InfoType>b</InfoType></info>")),
  ],
  (push, seal) => [seal(`\n${inDocument(push.text, "<!-- 1 -->\n")}\n`)],
];

/** The deliveries of one message, in their order. The random source alone decides them. */
export function pushChaos({
  random,
  rate = 0.5,
  seal,
}: PushChaosOptions): (push: Push) => readonly Push[] {
  return (push) => {
    if (random.next() >= rate) return [push];
    return kinds[Math.floor(random.next() * kinds.length)]?.(push, seal) ?? [push];
  };
}
