// One episode of the log: watch it while it runs, play it if it is this tab's, fork it at any step.
import { html, nothing } from "../vendor/lit-html.js";
import { showEpisode } from "../episode.js";
import { visibleText } from "../text.js";
import { get, withQuery, repeat } from "./api.js";
import { playPanel } from "./form.js";
import { beginHand, focusPanel, judgeAgain } from "./hand.js";
import { beginLabels, labelKeys, labelPanel, readLabels, seenBy } from "./label.js";
import { compareDialog, forkDialog } from "./leave.js";
import { refusalOf } from "./refusal.js";
import { titleOf } from "./tasks.js";

const PAUSE = 1000;

function pathOf(id) {
  return `api/episodes/${encodeURIComponent(id)}`;
}

/** Asks the server whether the episode has new steps or an end that this page does not show. */
async function hasMoved(s, id) {
  const tail = await get(withQuery(`episodes/${encodeURIComponent(id)}/steps`, { after: s.last, limit: 1 }));
  return tail.steps.length > 0 || tail.ended !== null;
}

/** Polls a running episode every second and loads it again if it moved; returns how to stop. */
function watchEpisode(s, id) {
  if (s.doc.episode.ended !== "running") return () => {};
  const stop = repeat(PAUSE, async () => {
    const lost = await refusalOf(async () => {
      if (await hasMoved(s, id)) await s.refresh();
    });
    if (lost !== s.lost) s.set({ lost });
    if (s.doc.episode.ended !== "running") stop();
  });
  return stop;
}

function statusNotice(s) {
  if (s.lost) return html`<p class="bad" role="alert">${visibleText(s.lost)}</p>`;
  if (s.doc.episode.ended !== "running" || s.hand.session) return nothing;
  return html`<p class="dim">watching: new steps show by themselves</p>`;
}

function attachPlay(s, id, schema, alive) {
  Object.assign(s, { lost: null, alive });
  let last = Promise.resolve(); // refreshes run one after another: an older answer must not win
  s.refresh = () => {
    last = last.catch(() => {}).then(async () => {
      s.renew(seenBy(s.labels, await get(pathOf(id))));
      judgeAgain(s);
    });
    return last;
  };
  beginHand(s, id, schema);
  return watchEpisode(s, id);
}

/** Shows the episode that *key* names: its id, a unique prefix of it, or `last`. */
export async function showOne(root, key, alive) {
  const [doc, { action_schemas: schemas, agents }] = await Promise.all([get(pathOf(key)), get("tasks")]);
  if (!alive()) return () => {};
  const { id, scenario } = doc.episode;
  const labels = await readLabels(id);
  if (!alive()) return () => {};
  const labelling = labels.by === null ? {} : { label: labelPanel };
  document.title = `${scenario} · refold`;
  let shows = null;
  const leave = showEpisode(root, seenBy(labels, doc), {
    hash: { episode: id }, notice: statusNotice, panels: { play: playPanel, ...labelling }, keys: labelKeys, dialogs: { fork: forkDialog, compare: compareDialog },
    attach: (s) => {
      shows = s;
      s.agents = agents;
      s.labels = labels;
      if (labels.by !== null) beginLabels(s, id, labels);
      return attachPlay(s, id, schemas[titleOf(doc.episode)], alive);
    },
  });
  if (shows.tab === "play") focusPanel();
  return leave;
}
