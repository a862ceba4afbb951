/** The messages between the server bench and its workers. */
export type WorkerOrder =
  | { readonly kind: "bare"; readonly constant: object }
  | {
      readonly kind: "server";
      readonly redis: string;
      readonly seal: string;
      readonly app: { readonly appId: string; readonly secret: string; readonly baseUrl: string };
    };

export interface Started {
  readonly url: string;
  readonly key: string;
}
