/** The oldest supported pg. It has the members of the newest that are used. */
import { createRequire } from "node:module";
import type pg from "pg";

const require = createRequire(import.meta.url);

/**
 * Loaded by require, because an import would read each member, and reading `native` warns that it
 * is not installed.
 */
export const { Pool: OldestPool } = require("pg-oldest") as typeof pg;
