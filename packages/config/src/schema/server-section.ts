/** The settings of a token server. A node that is none ignores them. */
import { z } from "zod";
import { field, secret } from "./field.ts";
import { matching, settingsExpected, text, webhookUrl, whole } from "./values.ts";

export interface ServerSection {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly dataDirectory?: string | undefined;
  readonly holdMs?: number | undefined;
  readonly stopWithinMs?: number | undefined;
  readonly tls?: TlsSection | undefined;
  readonly webhooks?: Readonly<Record<string, WebhookSection>> | undefined;
}

export interface TlsSection {
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

export interface WebhookSection {
  readonly url?: string | undefined;
  readonly secret?: string | undefined;
  readonly events?: string | undefined;
}

/** The events that a webhook can be sent. */
export const webhookEvents = ["contended", "quota-low", "revoked"] as const;

const eventNames = webhookEvents.join("|");

const tls = z.strictObject(
  {
    certificate: field(text(), "The file of the server's certificate chain, PEM"),
    key: field(text(), "The file of the certificate's private key, PEM"),
  } satisfies Record<keyof TlsSection, z.ZodType>,
  settingsExpected,
);

const webhook = z.strictObject(
  {
    url: secret(webhookUrl(), "Where events are sent: an https: address"),
    secret: secret(
      matching(
        /^whsec_[A-Za-z0-9+/]{32,128}={0,2}$/,
        "whsec_ and at least 24 random bytes in base64, of `openssl rand -base64 32`",
      ),
      "Signs what is sent: `whsec_` and the output of `openssl rand -base64 32`",
    ),
    events: field(
      matching(
        new RegExp(`^(?:${eventNames})(?: *, *(?:${eventNames}))*$`),
        `names of ${webhookEvents.join(", ")}, with commas between`,
      ),
      "Which events are sent, with commas between. Default: contended, quota-low, revoked",
    ),
  } satisfies Record<keyof WebhookSection, z.ZodType>,
  settingsExpected,
);

export const server: z.ZodType<ServerSection, unknown> = z.strictObject(
  {
    host: field(
      matching(/^[0-9A-Za-z.:-]{1,255}$/, "a host name or an address, without a port"),
      "Token server: the address it listens on. Default: 127.0.0.1",
    ),
    port: field(whole(0, 65_535), "Token server: its port; 0 takes a free one. Default: 8720"),
    dataDirectory: field(
      text(),
      "Token server: where it keeps its SQLite file and sealing key when no store is given. Default: lingpai-data",
    ),
    holdMs: field(
      whole(1_000, 7_200_000),
      "Token server: how long an SDK behind the WeChat-shaped routes may hold a token, in ms. Default: 300000",
    ),
    stopWithinMs: field(
      whole(0, 600_000),
      "Token server: how long requests under way may take after SIGTERM, in ms. Default: 10000",
    ),
    tls: tls.optional(),
    webhooks: z
      .record(
        matching(
          /^[a-z0-9]+(-[a-z0-9]+)*$/,
          "a name of lower-case letters and digits, with - between",
        ),
        webhook,
        settingsExpected,
      )
      .optional(),
  } satisfies Record<keyof ServerSection, z.ZodType>,
  settingsExpected,
);
