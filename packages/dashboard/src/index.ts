/**
 * The dashboard of the token server, as static assets behind one web-standard handler.
 *
 * @packageDocumentation
 */
// page   what runs in the browser: Preact, its own type check (tsconfig.page.json)
// build  bundles the page
export { dashboardAssets } from "./dashboard-assets.ts";
export type { AssetHandler } from "./dashboard-assets.ts";
