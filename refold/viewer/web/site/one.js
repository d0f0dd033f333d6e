// One episode of the log: watched while it runs, played on if it is one's own, left at any step.
import { html, nothing } from "../vendor/lit-html.js";
import { showEpisode } from "../episode.js";
import { shown } from "../text.js";
import { get, query, repeat } from "./api.js";
import { playPanel } from "./form.js";
import { beginHand, focusPanel, reconsider } from "./hand.js";
import { compare, fork } from "./leave.js";
import { refusalOf } from "./refusal.js";

const PAUSE = 1000;

function pathOf(id) {
  return `api/episodes/${encodeURIComponent(id)}`;
}

/** What the tail says: whether the episode went on or ended since the page was made. */
async function moved(s, id) {
  const tail = await get(query(`episodes/${encodeURIComponent(id)}/steps`, { after: s.last, limit: 1 }));
  return tail.steps.length > 0 || tail.ended !== null;
}

/** Watches a running episode: asks each second whether it moved, and fetches it anew if so. */
function watch(s, id) {
  if (s.doc.episode.ended !== "running") return () => {};
  const stop = repeat(PAUSE, async () => {
    const lost = await refusalOf(async () => {
      if (await moved(s, id)) await s.refresh();
    });
    if (lost !== s.lost) s.set({ lost });
    if (s.doc.episode.ended !== "running") stop();
  });
  return stop;
}

function notice(s) {
  if (s.lost) return html`<p class="bad" role="alert">${shown(s.lost)}</p>`;
  if (s.doc.episode.ended !== "running" || s.hand.session) return nothing;
  return html`<p class="dim">watching: new steps show by themselves</p>`;
}

function attach(s, id, schema, alive) {
  Object.assign(s, { lost: null, alive });
  let last = Promise.resolve();
  s.refresh = () => {
    last = last.catch(() => {}).then(async () => {
      s.renew(await get(pathOf(id)));
      reconsider(s);
    });
    return last;
  };
  beginHand(s, id, schema);
  return watch(s, id);
}

/** Shows the episode that *key* names: its id, a unique prefix of it, or `last`. */
export async function showOne(root, key, alive) {
  const [doc, { action_schemas: schemas, agents }] = await Promise.all([get(pathOf(key)), get("tasks")]);
  if (!alive()) return () => {};
  const { id, scenario, family } = doc.episode;
  document.title = `${scenario} · refold`;
  let shows = null;
  const leave = showEpisode(root, doc, {
    hash: { episode: id }, notice, panels: { play: playPanel }, dialogs: { fork, compare },
    attach: (s) => {
      shows = s;
      s.agents = agents;
      return attach(s, id, schemas[family], alive);
    },
  });
  if (shows.tab === "play") focusPanel();
  return leave;
}
