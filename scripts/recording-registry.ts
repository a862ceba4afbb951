/** A registry on loopback that records what is published, as npm's would, and serves nothing. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

/** The request of `npm publish` for one version of one package. */
export interface Publication {
  readonly name: string;
  readonly access: string;
  /** The page that npm shows, if the client sends one. */
  readonly readme: string | undefined;
  readonly manifest: Readonly<Record<string, unknown>>;
  /** The unpacked archive: tar's own format. */
  readonly archive: Buffer;
}

export interface RecordingRegistry {
  readonly url: string;
  readonly publications: readonly Publication[];
  close(): void;
}

interface Sent {
  readonly name: string;
  readonly access: string;
  readonly readme?: string;
  readonly versions: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly _attachments: Readonly<Record<string, { readonly data: string }>>;
}

export async function recordingRegistry(): Promise<RecordingRegistry> {
  const publications: Publication[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const isPublish = request.method === "PUT";
      if (isPublish) publications.push(publicationOf(Buffer.concat(chunks).toString()));
      response.writeHead(isPublish ? 201 : 404, { "content-type": "application/json" });
      response.end(isPublish ? "{}" : '{"error":"not found"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, publications, close: () => void server.close() };
}

function publicationOf(body: string): Publication {
  const { name, access, readme, versions, _attachments } = JSON.parse(body) as Sent;
  const [[version, manifest] = ["", {}]] = Object.entries(versions);
  const data = Object.entries(_attachments).find(([file]) => file.endsWith(`${version}.tgz`))?.[1];
  const archive = gunzipSync(Buffer.from(data?.data ?? "", "base64"));
  return { name, access, readme, manifest, archive };
}
