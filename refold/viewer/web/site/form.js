// The tab to play in: the actions that may be taken now, any other, and what the rules say to it.
import { html, nothing } from "../vendor/lit-html.js";
import { inline } from "../icons.js";
import { stepPanel } from "../panels.js";
import { block, flat, name, shown, signed } from "../text.js";
import { act, choose, chosen, enter, fieldsOf, focusPanel, isLong, limitOf, mayAct, offered, same, written } from "./hand.js";

const MOST = 300;

function choice(s, { action, say }, { own, first }) {
  const pick = () => choose(s, { ...action, ...written(s, chosen(s)) });
  return html`<label class="choice"><input type="radio" name="choice" .checked=${own}
    ?data-first=${first} @change=${pick}> <span>${shown(say)}</span></label>`;
}

/** The legal actions to choose from, those that can be drawn. */
function choices(s) {
  const all = offered(s);
  const some = s.picked !== null;
  const drawn = all.slice(0, MOST);
  const texts = written(s, chosen(s));
  const own = drawn.findIndex(({ action }) => same({ ...action, ...texts }, chosen(s)));
  const on = some ? html` on ${name(s.picked)}` : nothing;
  return html`<fieldset class="choices"><legend>Legal now <span class="dim">${all.length}${on}</span></legend>
    ${some ? html`<button type="button" class="all" @click=${() => s.pick(s.picked)}>all</button>` : nothing}
    ${all.length ? nothing : html`<p class="dim">Nothing is legal${on} now.</p>`}
    ${all.length > MOST ? html`<p class="dim">${MOST} of ${all.length}: pick something in the picture to see its own.</p>` : nothing}
    ${drawn.map((each, place) => choice(s, each, { own: place === own, first: place === Math.max(0, own) }))}</fieldset>`;
}

function field(s, key, schema, { ids, first }) {
  const value = chosen(s)[key] ?? "";
  const change = (event) => choose(s, { ...chosen(s), [key]: event.target.value });
  const limit = limitOf(schema);
  const label = key.replaceAll("_", " ");
  if (schema.enum) {
    return html`<label>${label} <select ?data-first=${first} @change=${change}>${schema.enum.map((each) =>
      html`<option value=${each} .selected=${each === value}>${each}</option>`)}</select></label>`;
  }
  if (!ids && isLong(schema)) {
    return html`<label>${label} <textarea rows="3" maxlength=${limit} .value=${value} ?data-first=${first}
      @input=${change}></textarea></label>`;
  }
  return html`<label>${label} <input type="text" maxlength=${limit ?? nothing} list="ids-${key}" autocomplete="off"
    .value=${value} ?data-first=${first} @input=${change}></label>
    <datalist id="ids-${key}">${(ids ?? []).map((id) => html`<option value=${flat(id)}></option>`)}</datalist>`;
}

function verdict({ told, wrong, waiting }) {
  if (wrong) return html`<span class="bad">${inline("fail")} ${shown(wrong)}</span>`;
  if (!told) return waiting ? html`<span class="dim">asking the rules…</span>` : nothing;
  if (!told.error) return html`<span class="good">${inline("done")} the rules take it</span>`;
  const parts = Object.entries(told.parts).filter(([, value]) => value !== 0);
  return html`<span class="bad">${inline("fail")} will be refused: ${name(told.error)}</span>
    <span class="dim">reward ${signed(told.reward)} ${parts.length > 1 ? parts.map(([key, value]) => html` ${name(key)} ${signed(value)}`) : nothing}</span>`;
}

function form(s) {
  const ids = s.family.ids?.(s.doc, s.view) ?? {};
  const bereft = offered(s).length === 0;
  const submit = (event) => {
    event.preventDefault();
    act(s);
  };
  return html`<form class="act" @submit=${submit} @keydown=${(event) => enter(s, event)}>${choices(s)}
    <fieldset class="fields"><legend>The action, or any other</legend>${fieldsOf(s.hand).map(([key, each], place) =>
      field(s, key, each, { ids: ids[key], first: bereft && place === 0 }))}</fieldset>
    <p class="verdict" role="status">${verdict(s.hand)}</p>
    <button class="do" ?disabled=${s.hand.busy}>Do it <kbd aria-hidden="true">Enter</kbd></button></form>`;
}

function leaveHere(s, words) {
  return html`<p class="dim">${words}</p><p><button type="button" data-first @click=${() => s.ask("fork")}>Fork here</button></p>`;
}

/** Why who played can no longer, and what was written and not done. */
function over(s) {
  const texts = s.hand.action ? Object.values(written(s, s.hand.action)) : [];
  return html`<p class="bad" role="alert">Your session has ended: the server was started anew, or nothing was done for too long.</p>
    ${texts.length ? html`<h2>Not done</h2>${texts.map((text) => block(text))}` : nothing}
    ${leaveHere(s, `A fork plays on from here${texts.length ? ", and takes along what you wrote" : ""}.`)}`;
}

function controls(s) {
  if (s.at < s.last) {
    const go = () => {
      s.seek(s.last);
      focusPanel();
    };
    return html`<p class="dim">You look at step ${s.at} of ${s.last}. What was done cannot be undone, but left:</p>
      <p><button type="button" data-first @click=${go}>Go to the last</button>
      <button type="button" @click=${() => s.ask("fork")}>Fork here</button></p>`;
  }
  if (s.doc.episode.ended !== "running") return leaveHere(s, "This episode has ended; who forks it plays on from an earlier step.");
  if (s.hand.gone) return over(s);
  if (!s.hand.session) return leaveHere(s, "Somebody else plays this episode; fork it to play on yourself.");
  if (!mayAct(s)) return html`<p class="dim">No action is possible.</p>`;
  return form(s);
}

/** The tab to play in: actions first, then what the last one led to. */
export function playPanel(s) {
  return html`${controls(s)}${stepPanel(s)}`;
}
