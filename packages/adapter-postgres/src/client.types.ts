/** Compiles only while the real pool offers what the adapter calls. */
import type pg from "pg";
import type { PostgresPool } from "./index.ts";

declare const pool: pg.Pool;

export const pools: readonly PostgresPool[] = [pool];
