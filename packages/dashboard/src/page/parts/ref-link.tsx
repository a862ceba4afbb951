/** A credential's name, linked to its life line. */
import type { JSX } from "preact";
import { useApp } from "../app.ts";
import { hashOf } from "../route.ts";
import { shortRef } from "../words.ts";

export function RefLink({ name }: { readonly name: string }): JSX.Element {
  if (useApp().rows.value?.has(name) !== true) return <span title={name}>{shortRef(name)}</span>;
  return (
    <a href={hashOf({ section: "credentials", ref: name })} title={name}>
      {shortRef(name)}
    </a>
  );
}
