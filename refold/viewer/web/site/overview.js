// A run of the log, or several compared: drawn as on disk, with links, and kept up to date while something moves.
import { html, render, nothing } from "../vendor/lit-html.js";
import { drawOverview } from "../overview.js";
import { plainLine, visibleText } from "../text.js";
import { get, repeat, withQuery } from "./api.js";
import { leftOutNotice } from "./left_out.js";
import { refusalOf } from "./refusal.js";
import { addressOf } from "./rows.js";
import { addressOfRuns } from "./runs.js";

const POLL_INTERVAL = 2000;
const MISSING_INTERVAL = 300;
const MOVING = 120000;

const LINKS = {
  episode: addressOf,
  diff: (a, b) => `#${new URLSearchParams({ a, b })}`,
  run: (name) => addressOfRuns([name]),
  runs: addressOfRuns,
  failed: (run, scenario, below) => `#${new URLSearchParams({ page: "episodes", scenario, run, ...(below !== null && { below }), sort: "-score" })}`,
};

function pathOf(names, since) {
  const path = `api/runs?${new URLSearchParams(names.map((name) => ["run", name]))}`;
  return since === null ? path : `${path}&${new URLSearchParams({ since })}`;
}

function renderPage(s) {
  const live = s.doc.open > 0 && Date.now() - s.moved < MOVING;
  return html`<nav class="back-to" aria-label="Back"><a href="#page=runs">All runs</a></nav>${s.wrong ? html`<p class="bad" role="alert">${visibleText(s.wrong)}</p>` : nothing}
    ${leftOutNotice(s.doc.left_out ?? [])}${drawOverview(s.doc, LINKS, live)}`;
}

/** Shows the runs that *key* names: encoded names separated by slashes. */
export async function showOverview(root, key, alive) {
  const names = key.split("/").map(decodeURIComponent);
  const doc = await get(pathOf(names, null));
  if (!alive()) return () => {};
  document.title = `${plainLine(names.join(" and "))} · refold`;
  const last = Date.parse(doc.progress?.last ?? "");
  const s = { doc, wrong: null, moved: Number.isNaN(last) ? 0 : last };
  const draw = () => { if (alive()) render(renderPage(s), root); };
  draw();
  const follow = async () => {
    s.wrong = await refusalOf(async () => {
      const found = await get(pathOf(names, s.doc.state));
      if (!found.format) return;
      if (s.doc.missing === found.missing) s.moved = Date.now();
      s.doc = found;
    });
    draw();
  };
  const stops = [
    repeat(POLL_INTERVAL, async () => { if (s.doc.open) await follow(); }),
    repeat(MISSING_INTERVAL, async () => { if (s.doc.missing) await follow(); }),
  ];
  return () => stops.forEach((stop) => stop());
}
