// The page.
import { find, setText } from "./dom.js";
import { startCurves } from "./curves.js";
import { startExplorer } from "./explorer.js";
import { startPlan } from "./plan.js";
import { startRunList } from "./run-list.js";
import { startSamples } from "./samples.js";
import { allRuns, connect, linkState, on, shownIds, shownRuns } from "./store.js";
import { startTheme } from "./theme.js";

startTheme();
startRunList();
startSamples();
startCurves();
startExplorer();
startPlan();

on(["link"], () => {
  const link = find("link");
  link.dataset.state = linkState();
  const texts = { connecting: "Connecting", live: "Live", gone: "No connection" };
  setText(link, texts[linkState()]);
  link.title =
    linkState() === "gone" ? "The dashboard has ended; what is shown is what it told last." : "";
});

on(["runs", "shown", "link"], () => {
  const empty = find("empty");
  const missing = shownIds().filter((id) => !allRuns().some((run) => run.id === id));
  empty.hidden = linkState() === "connecting" || (shownRuns().length > 0 && missing.length === 0);
  setText(
    empty,
    allRuns().length === 0 && missing.length === 0
      ? "No runs here yet. `sparring train` makes one; it will appear by itself."
      : missing.length > 0
        ? `The folder of ${missing.join(", ")} is gone.`
        : "Choose a run from the list.",
  );
});

document.addEventListener("visibilitychange", connect);
connect();
