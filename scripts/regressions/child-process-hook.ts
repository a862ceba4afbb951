/** Applies the edits in the child processes of a test: `node --import` of this file. */
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { wantedEdits } from "./edit-plugin.ts";
import { edited } from "./regression.ts";

const edits = wantedEdits();

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const own = url.startsWith("file:") ? edits.get(fileURLToPath(url)) : undefined;
    if (own === undefined || !loaded.source) return loaded;
    return { ...loaded, source: edited(Buffer.from(loaded.source as Uint8Array).toString(), own) };
  },
});
