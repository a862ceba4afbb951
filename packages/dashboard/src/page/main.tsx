/** Starts the page. */
import { render } from "preact";
import { AppContext, createApp } from "./app.ts";
import { Shell } from "./views/shell.tsx";

void createApp().then((app) => {
  const root = document.getElementById("app");
  if (root === null) return;
  render(
    <AppContext.Provider value={app}>
      <Shell />
    </AppContext.Provider>,
    root,
  );
});
