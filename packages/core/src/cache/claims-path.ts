/**
 * Where the environments of one store tell each other which credentials they fetch: outside every
 * prefix, in clear, without a secret.
 */
export const claimsPath: readonly string[] = ["lingpai", "claims"];
