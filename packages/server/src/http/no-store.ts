/** Of every answer that depends on who asks: no cache keeps it, or gives it to somebody else. */
export const noStore = {
  "cache-control": "no-store",
  vary: "authorization, cookie",
} as const;
