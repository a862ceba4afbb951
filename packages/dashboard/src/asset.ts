/** One file of the page, as it is served. */
export interface Asset {
  /** From the server's root: `/`, `/assets/main-QWERTY12.js`. */
  readonly path: string;
  readonly type: string;
  readonly text: string;
}
