/** Makes a credential for a client of this package. */
import { credential, credentialOptionNames } from "@lingpai/core";
import type { Credential, CredentialOptions } from "@lingpai/core";

/** A credential with those of a client's options that it reads; the others are left out. */
export function createCredential(options: CredentialOptions): Credential {
  const own = Object.entries(options).filter(([name]) => credentialOptionNames.includes(name));
  // Only options that the credential does not read are left out, so the type is still true.
  return credential(Object.fromEntries(own) as unknown as CredentialOptions);
}
