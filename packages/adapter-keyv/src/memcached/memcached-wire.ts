/**
 * The requests of memcached's binary protocol with a `cas`, which memjs sends but does not build.
 */

export interface Request {
  readonly operation: "get" | "set" | "add" | "delete";
  readonly key: string;
  /** Eight bytes. All zeros match any version. */
  readonly cas: Buffer;
  readonly sequence: number;
  /** For set and add: the value, and its expiry in memcached's format. */
  readonly store?: { readonly text: string; readonly expiry: number };
}

/** A response as memjs passes it. */
export interface Reply {
  readonly header: { readonly status: number; readonly cas: Buffer };
  readonly val: Buffer;
}

const opcodes: Readonly<Record<Request["operation"], number>> = {
  get: 0,
  set: 1,
  add: 2,
  delete: 4,
};
const requestMagic = 0x80;

export function request({ operation, key, cas, sequence, store }: Request): Buffer {
  const extras = Buffer.alloc(store === undefined ? 0 : 8);
  if (store !== undefined) extras.writeUInt32BE(store.expiry, 4);
  const body = Buffer.concat([extras, Buffer.from(key), Buffer.from(store?.text ?? "")]);
  const header = Buffer.alloc(24);
  header.writeUInt8(requestMagic, 0);
  header.writeUInt8(opcodes[operation], 1);
  header.writeUInt16BE(key.length, 2);
  header.writeUInt8(extras.length, 4);
  header.writeUInt32BE(body.length, 8);
  header.writeUInt32BE(sequence, 12);
  cas.copy(header, 16);
  return Buffer.concat([header, body]);
}

/** Parses a value stored as `END|VALUE`. A foreign value is returned without an end. */
export function unpack(text: string): {
  readonly endsAtMs: number | undefined;
  readonly value: string;
} {
  const [, end = "", value] = /^(\d*)\|(.*)$/s.exec(text) ?? [];
  return { endsAtMs: end === "" ? undefined : Number(end), value: value ?? text };
}
