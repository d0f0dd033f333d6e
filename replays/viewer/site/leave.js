// Leaving an episode from one of its steps: a fork that somebody plays on, another one beside it.
import { html, nothing } from "../vendor/lit-html.js";
import { name, shown } from "../text.js";
import { post } from "./api.js";
import { playFork } from "./hand.js";
import { refusalOf } from "./refusal.js";

const AGENTS = ["greedy", "baseline", "random", "noop"];

async function letPlay(parent, at, agent) {
  const { episodes } = await post(`episodes/${encodeURIComponent(parent)}/fork`, { at, agent });
  location.hash = new URLSearchParams({ episode: episodes[0].id, step: at });
}

async function leave(s, agent) {
  const { at, doc: { episode: { id } } } = s;
  const refused = await refusalOf(() => (agent === "me" ? playFork({ parent: id, at }) : letPlay(id, at, agent)));
  s.set({ refused });
}

/** The dialog that forks at the step that is shown. */
export function fork(s) {
  const submit = (event) => {
    event.preventDefault();
    leave(s, event.target.elements.agent.value);
  };
  return html`<h2>Fork here</h2><p class="dim">A new episode shares the first ${s.at} step${s.at === 1 ? "" : "s"}, to the byte.</p>
    <form class="copy" @submit=${submit}><label>From there on plays <select name="agent"><option value="me">I do</option>
    ${AGENTS.map((agent) => html`<option value=${agent}>${agent}</option>`)}</select></label><button>Fork</button></form>
    ${s.refused ? html`<p class="bad" role="alert">${shown(s.refused)}</p>` : nothing}`;
}

/** The dialog that lays another episode beside this one. */
export function compare(s) {
  const { id, fork_of: from } = s.doc.episode;
  const beside = (other) => { location.hash = new URLSearchParams({ a: other, b: id }); };
  const submit = (event) => {
    event.preventDefault();
    beside(event.target.elements.other.value.trim());
  };
  return html`<h2>Compare</h2>
    ${from ? html`<p><button type="button" @click=${() => beside(from.id)}>with ${name(from.id)}, which it left at ${from.at}</button></p>` : nothing}
    <form class="copy" @submit=${submit}><input type="text" name="other" required placeholder="id, a prefix of it, or last"
      aria-label="The other episode: id, a prefix of it, or last"><button>Compare</button></form>`;
}
