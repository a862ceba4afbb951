/**
 * Keeps the last settings of configuration centres on disk, so that a process can start while one
 * is down.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ConfigurationError } from "@lingpai/core";
import type { Clock, Random } from "@lingpai/core";
import { fieldAt } from "../schema/schema.ts";
import type { Setting } from "../setting.ts";
import type { ConfigSource } from "../source.ts";
import { textOfSecret } from "../sources/source-options.ts";
import type { SourceSecret } from "../sources/source-options.ts";
import { readText } from "../text/read-text.ts";
import { systemCodeOf } from "../text/system-code.ts";
import { sealingKey } from "../schema/values.ts";

export interface SnapshotOptions {
  /** Their directory. It is created with mode 0700 if it is missing. */
  readonly directory: string;
  /**
   * The key that seals them: 32 bytes as 64 hexadecimal digits or base64, from anywhere but the
   * centre itself. Without a key a snapshot contains no secrets, so a secret that only the centre
   * has is then missing.
   * @defaultValue the variable `LINGPAI_SNAPSHOT_KEY`
   */
  readonly key?: SourceSecret;
}

export interface Snapshot {
  readonly settings: readonly Setting[];
  /**
   * When they were last known to equal the source, in ms since the Unix epoch by this machine's
   * clock.
   */
  readonly takenAtMs: number;
}

export interface SnapshotContext {
  readonly environment: string;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * An unchanged snapshot is written again after this time, so that its age is known.
 */
const renewAfterMs = 3_600_000;

export class Snapshots {
  readonly #options: SnapshotOptions;
  readonly #context: SnapshotContext;
  /** The digest of each source's snapshot, and its time. */
  readonly #written = new Map<
    ConfigSource,
    { readonly digest: string; readonly takenAtMs: number }
  >();

  constructor(options: SnapshotOptions, context: SnapshotContext) {
    this.#options = options;
    this.#context = context;
  }

  /** @throws {ConfigurationError} the snapshot exists and cannot be read or opened. */
  async read(source: ConfigSource): Promise<Snapshot | undefined> {
    const file = this.#fileOf(source);
    try {
      return decode(await readText(file), await this.#key(), this.#nameOf(source));
    } catch (error) {
      if (systemCodeOf(error) === "ENOENT") return undefined;
      const why =
        error instanceof ConfigurationError ? error.message : `cannot be read (${reasonOf(error)})`;
      throw new ConfigurationError(`The snapshot ${file} ${why}`, { cause: error });
    }
  }

  /**
   * Keeps the settings of the source. It writes nothing if the snapshot already contains them and
   * is younger than an hour.
   *
   * @throws {ConfigurationError} it cannot be written.
   */
  async write(source: ConfigSource, settings: readonly Setting[]): Promise<void> {
    const takenAtMs = this.#context.clock.wallMs();
    const before = this.#written.get(source);
    const digest = createHash("sha256").update(JSON.stringify(settings)).digest("hex");
    const isCurrent = before?.digest === digest && takenAtMs - before.takenAtMs < renewAfterMs;
    if (isCurrent) return;
    const directory = resolve(this.#options.directory);
    const file = this.#fileOf(source);
    const draft = `${file}.${this.#context.random.id()}`;
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeFile(
        draft,
        encode(
          { settings, takenAtMs },
          await this.#key(),
          this.#nameOf(source),
          this.#context.random,
        ),
        {
          mode: 0o600,
        },
      );
      await rename(draft, file);
      this.#written.set(source, { digest, takenAtMs });
    } catch (error) {
      await rm(draft, { force: true }).catch(() => undefined);
      throw new ConfigurationError(
        `The snapshot ${file} could not be written (${reasonOf(error)}). Allow this process to write to the directory.`,
        { cause: error },
      );
    }
  }

  async #key(): Promise<Uint8Array | undefined> {
    const given = this.#options.key ?? process.env["LINGPAI_SNAPSHOT_KEY"];
    if (given === undefined) return undefined;
    const text = await textOfSecret(given);
    if (!sealingKey().safeParse(text).success)
      throw new ConfigurationError(
        "The snapshot's key is not 32 bytes. Generate one with: openssl rand -base64 32",
      );
    const bytes = /^[0-9a-f]{64}$/i.test(text)
      ? Buffer.from(text, "hex")
      : Buffer.from(text, "base64");
    return new Uint8Array(hkdfSync("sha256", bytes, "", "lingpai/config-snapshot", 32));
  }

  #nameOf(source: ConfigSource): string {
    return `${this.#context.environment}\0${source.name}`;
  }

  #fileOf(source: ConfigSource): string {
    const id = createHash("sha256").update(this.#nameOf(source)).digest("hex").slice(0, 32);
    return join(resolve(this.#options.directory), `${id}.json`);
  }
}

const ivBytes = 12;
const tagBytes = 16;

function encode(
  { settings, takenAtMs }: Snapshot,
  key: Uint8Array | undefined,
  name: string,
  random: Random,
): string {
  if (key === undefined)
    return JSON.stringify({
      v: 1,
      takenAtMs,
      settings: settings.filter(({ path }) => fieldAt(path)?.isSecret !== true),
    });
  const iv = createHash("sha256").update(random.id()).digest().subarray(0, ivBytes);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(
    Buffer.from(`${name}\0${takenAtMs}`),
  );
  const sealed = Buffer.concat([
    iv,
    cipher.update(JSON.stringify(settings), "utf8"),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return JSON.stringify({ v: 1, takenAtMs, sealed: sealed.toString("base64") });
}

interface Stored {
  readonly v: number;
  readonly takenAtMs: number;
  readonly settings?: readonly Setting[];
  readonly sealed?: string;
}

function decode(text: string, key: Uint8Array | undefined, name: string): Snapshot {
  const stored = JSON.parse(text) as Stored;
  if (stored.v !== 1)
    throw new ConfigurationError("is from a newer release. Upgrade, or remove it");
  if (stored.sealed === undefined)
    return { settings: stored.settings ?? [], takenAtMs: stored.takenAtMs };
  if (key === undefined)
    throw new ConfigurationError("is sealed, and there is no key. Set LINGPAI_SNAPSHOT_KEY");
  const bytes = Buffer.from(stored.sealed, "base64");
  const tag = bytes.subarray(bytes.byteLength - tagBytes);
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, ivBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(`${name}\0${stored.takenAtMs}`)).setAuthTag(tag);
  try {
    const opened = Buffer.concat([
      decipher.update(bytes.subarray(ivBytes, bytes.byteLength - tagBytes)),
      decipher.final(),
    ]);
    return { settings: JSON.parse(opened.toString("utf8")), takenAtMs: stored.takenAtMs };
  } catch (error) {
    throw new ConfigurationError(
      "does not open with this key. Give the key that sealed it, or remove it",
      { cause: error },
    );
  }
}

/** An error without a code means that the file was read and is no snapshot. */
function reasonOf(error: unknown): string {
  return systemCodeOf(error) ?? "not a snapshot";
}
