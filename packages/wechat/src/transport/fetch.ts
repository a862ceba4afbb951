/** `globalThis.fetch`, or a function with its interface. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
