/** Makes a credential for a client of this package. */
import { credential, credentialOptionKinds } from "@lingpai/core";
import type { Credential, CredentialOptions, CredentialSource } from "@lingpai/core";

export interface SourcedOptions extends CredentialOptions {
  /** Has the credential of the issuer's id. Nothing else of the options is then used. */
  readonly source?: CredentialSource;
}

/** A credential with those of a client's options that it reads; the others are left out. */
export function createCredential(options: SourcedOptions): Credential {
  const { issuer, source } = options;
  if (source !== undefined) return source.credential(issuer.id, issuer.origin);
  const own = Object.entries(options).filter(([name]) =>
    Object.hasOwn(credentialOptionKinds, name),
  );
  // Only options that the credential does not read are left out, so the type is still true.
  return credential(Object.fromEntries(own) as unknown as CredentialOptions);
}
