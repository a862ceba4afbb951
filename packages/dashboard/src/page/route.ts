/** The reader's place in the page, in the part of the address after `#`. */
export const sections = [
  "credentials",
  "conflicts",
  "ledger",
  "fleet",
  "claims",
  "audit",
  "keys",
] as const;
export type Section = (typeof sections)[number];

export interface Route {
  readonly section: Section;
  /** The credential whose life line is open. */
  readonly ref?: string;
}

export function routeOf(hash: string): Route {
  const [, first = "", rest = ""] = /^#\/([^/]*)\/?(.*)$/.exec(hash) ?? [];
  if (first === "c" && rest !== "") {
    try {
      return { section: "credentials", ref: decodeURIComponent(rest) };
    } catch {
      return { section: "credentials" };
    }
  }
  return { section: sections.find((section) => section === first) ?? "credentials" };
}

export function hashOf({ ref, section }: Route): string {
  if (ref !== undefined) return `#/c/${encodeURIComponent(ref)}`;
  return section === "credentials" ? "#/" : `#/${section}`;
}
