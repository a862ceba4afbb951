/** One setting of the schema: its kind, and what is said of it. */
import { z } from "zod";
import { matching, whole } from "./values.ts";

/** The description of one setting beside its kind. */
export interface FieldNote {
  readonly about: string;
  /**
   * True if its value is wrapped in {@link Secret} and can be read from a file that a `…_FILE`
   * variable names.
   */
  readonly isSecret?: boolean;
}

export const notes: z.core.$ZodRegistry<FieldNote> = z.registry<FieldNote>();

export const label = (): z.ZodType<string, string> =>
  matching(/^[A-Za-z0-9._-]{1,64}$/, "1 to 64 characters of A-Za-z0-9._-");

export function field<Value>(
  kind: z.ZodType<Value, string>,
  about: string,
): z.ZodOptional<z.ZodType<Value, string>> {
  return kind.optional().register(notes, { about });
}

export function secret(
  kind: z.ZodType<string, string>,
  about: string,
): z.ZodOptional<z.ZodType<string, string>> {
  return kind.optional().register(notes, { about, isSecret: true });
}

export const ms = (about: string): z.ZodOptional<z.ZodType<number, string>> =>
  field(whole(0), `${about}, in ms`);
