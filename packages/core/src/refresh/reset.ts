/** Has the whole fleet forget its credential. */
import { ConfigurationError } from "../errors.ts";
import type { DocumentSource } from "../fleet/document-source.ts";
import type { FleetNode } from "../fleet/node.ts";

/**
 * Resolves when the store has forgotten it, and this process with it.
 *
 * @throws {ConfigurationError} the issuer's next input would be lost.
 */
export async function reset(
  { adoption, context }: FleetNode,
  { document }: DocumentSource,
): Promise<void> {
  const { bus, issuer, random, rules } = context;
  if (rules.rotates && issuer.recover === undefined)
    throw new ConfigurationError(
      `The input that "${issuer.id}" needs for its next request is stored with the credential, and its issuer has no recover(). Use seed() with a new authorisation instead of reset().`,
    );
  const before = await document.read();
  const event = { type: "reset", outcomeId: random.id() } as const;
  const applied = await document.apply(event, { from: before });
  const { credential } = before.state ?? {};
  bus.emit("reset", {
    generation: credential?.generation,
    fingerprint: credential?.fingerprint,
  });
  adoption.adoptNewer(applied.snapshot, document);
}
