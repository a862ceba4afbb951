/** A message that the platform pushed, opened and read. */
import { readDocument } from "./push-document.ts";
import type { PushDocument } from "./push-document.ts";

/**
 * An authentic message that is not a ticket, such as `authorized`, `unauthorized` or `cancel_auth`.
 */
export interface PushMessage extends PushDocument {
  /** Empty if the message has none, as in a suite's data callback. */
  readonly infoType: string;
  /** The receiver for which the message was encrypted. */
  readonly receiver: string;
  /** The text of the document. */
  readonly text: string;
}

/** Undefined: the text is neither XML nor a JSON object. */
export function readMessage(text: string, receiver: string): PushMessage | undefined {
  const document = readDocument(text);
  return (
    document && { ...document, infoType: document.fields.get("InfoType") ?? "", text, receiver }
  );
}
