/**
 * The place where the environments of one store record which credentials they fetch. It lies
 * outside every prefix, is never sealed, and holds no secret.
 */
export const claimsPath: readonly string[] = ["lingpai", "claims"];
