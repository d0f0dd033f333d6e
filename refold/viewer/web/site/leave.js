// The dialogs of an episode on the server: fork it at a step, or compare it with another.
import { html, nothing } from "../vendor/lit-html.js";
import { DIALOGS } from "../dialogs.js";
import { breakableName, visibleText } from "../text.js";
import { post } from "./api.js";
import { refusalOf } from "./refusal.js";
import { draftOf, playFork } from "./session.js";
import { agentsOf, titleOf } from "./tasks.js";

async function forkForAgent({ parent, at }, agent, alive) {
  const { episodes } = await post(`episodes/${encodeURIComponent(parent)}/fork`, { at, agent });
  if (alive()) location.hash = new URLSearchParams({ episode: episodes[0].id, step: at });
}

async function startFork(s, agent) {
  const { asked } = s;
  if (asked.busy) return;
  const from = { parent: s.doc.episode.id, at: asked.at };
  const draft = from.at === s.last ? draftOf(from.parent) : null;
  Object.assign(asked, { busy: true, refused: null });
  s.set({});
  asked.refused = await refusalOf(() => (agent === "me" ? playFork(from, draft, s.alive) : forkForAgent(from, agent, s.alive)));
  asked.busy = asked.refused === null;
  s.set({});
}

/** The dialog that forks at the step shown when it was opened, even if new steps arrive. */
export function forkDialog(s) {
  s.asked ??= { at: s.at, busy: false, refused: null };
  const { at, busy, refused } = s.asked;
  if (at === s.last && s.doc.episode.ended !== "running") {
    return html`<h2>Fork here</h2><p>The episode ended with this step, so it cannot continue from here. Fork it at an earlier step.</p>`;
  }
  if (!s.hand.schema) return DIALOGS.fork(s); // an external environment, which a server does not open
  const submit = (event) => {
    event.preventDefault();
    startFork(s, event.target.elements.agent.value);
  };
  return html`<h2>Fork here</h2><p class="dim">A new episode shares the first ${at} step${at === 1 ? "" : "s"}, byte for byte.</p>
    <form class="copy" @submit=${submit}><label>Continued by <select name="agent"><option value="me">I do</option>
    ${agentsOf(s.agents, titleOf(s.doc.episode)).map((agent) => html`<option value=${agent.name}>${agent.name}</option>`)}</select></label>
    <button ?disabled=${busy}>${busy ? "forking…" : "Fork"}</button></form>
    ${refused ? html`<p class="bad" role="alert">${visibleText(refused)}</p>` : nothing}`;
}

/** The dialog that opens a comparison with another episode. */
export function compareDialog(s) {
  const { id, fork_of: from } = s.doc.episode;
  const beside = (other) => { location.hash = new URLSearchParams({ a: other, b: id }); };
  const submit = (event) => {
    event.preventDefault();
    beside(event.target.elements.other.value.trim());
  };
  return html`<h2>Compare</h2>
    ${from ? html`<p><button type="button" @click=${() => beside(from.id)}>with ${breakableName(from.id)}, which it left at ${from.at}</button></p>` : nothing}
    <form class="copy" @submit=${submit}><input type="text" name="other" required placeholder="id, a prefix of it, or last"
      aria-label="The other episode: id, a prefix of it, or last"><button>Compare</button></form>`;
}
