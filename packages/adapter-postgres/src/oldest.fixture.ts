/** The oldest pg that is supported, which has the members of the newest that are used. */
import { createRequire } from "node:module";
import type pg from "pg";

const require = createRequire(import.meta.url);

/** Not imported: that would look at each member, and `native` complains that it is not installed. */
export const { Pool: OldestPool } = require("pg-oldest") as typeof pg;
