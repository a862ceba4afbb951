/** `globalThis.fetch`, or what behaves like it. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
