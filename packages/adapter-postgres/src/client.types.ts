/** Compiles only if the real pool has the members that the adapter calls. */
import type pg from "pg";
import type { PostgresPool } from "./index.ts";

declare const pool: pg.Pool;

export const pools: readonly PostgresPool[] = [pool];
