/** One file of the page, with its response headers. */
export interface Asset {
  /** The path on the server: `/`, `/assets/main-QWERTY12.js`. */
  readonly path: string;
  readonly type: string;
  readonly text: string;
}
