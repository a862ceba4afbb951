/**
 * Opens a store by its address, without the server.
 *
 * @packageDocumentation
 */
export { knownFacts } from "./store/known-facts.ts";
export { sealFileIn } from "./store/seal-key.ts";
export type { SealFile } from "./store/seal-key.ts";
export { openStore } from "./store/open-store.ts";
export type { OpenStore, OpenStoreOptions } from "./store/open-store.ts";
export { isStoreAddress, storeForms } from "./store/store-address.ts";
