// The Play tab: legal actions to choose from, any other action, and what the rules say about it.
import { html, nothing } from "../vendor/lit-html.js";
import { inlineGlyph } from "../icons.js";
import { stepPanel } from "../panels.js";
import { textBlock, plainLine, breakableName, visibleText, signedNumber } from "../text.js";
import { takeAction, chooseAction, chosenAction, actOnEnter, fieldsOf, focusPanel, isLong, limitOf, mayAct, offeredActions, sameAction, writtenTexts } from "./hand.js";

const MOST_CHOICES = 300;

function actionChoice(s, { action, say }, { own, first }) {
  const pick = () => chooseAction(s, { ...action, ...writtenTexts(s, chosenAction(s)) });
  return html`<label class="choice"><input type="radio" name="choice" .checked=${own}
    ?data-first=${first} @change=${pick}> <span>${visibleText(say)}</span></label>`;
}

/** The legal actions to choose from, up to a limit. */
function actionChoices(s) {
  const all = offeredActions(s);
  const some = s.picked !== null;
  const drawn = all.slice(0, MOST_CHOICES);
  const texts = writtenTexts(s, chosenAction(s));
  const own = drawn.findIndex(({ action }) => sameAction({ ...action, ...texts }, chosenAction(s)));
  const on = some ? html` on ${breakableName(s.picked)}` : nothing;
  return html`<fieldset class="choices"><legend>Legal now <span class="dim">${all.length}${on}</span></legend>
    ${some ? html`<button type="button" class="all" @click=${() => s.pick(s.picked)}>all</button>` : nothing}
    ${all.length ? nothing : html`<p class="dim">Nothing is legal${on} now.</p>`}
    ${all.length > MOST_CHOICES ? html`<p class="dim">${MOST_CHOICES} of ${all.length}: click something in the picture to see its actions.</p>` : nothing}
    ${drawn.map((each, place) => actionChoice(s, each, { own: place === own, first: place === Math.max(0, own) }))}</fieldset>`;
}

function actionField(s, key, schema, { ids, first }) {
  const value = chosenAction(s)[key] ?? "";
  const change = (event) => chooseAction(s, { ...chosenAction(s), [key]: event.target.value });
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
    <datalist id="ids-${key}">${(ids ?? []).map((id) => html`<option value=${plainLine(id)}></option>`)}</datalist>`;
}

function verdictText({ told, wrong, waiting }) {
  if (wrong) return html`<span class="bad">${inlineGlyph("fail")} ${visibleText(wrong)}</span>`;
  if (!told) return waiting ? html`<span class="dim">asking the rules…</span>` : nothing;
  if (!told.error) return html`<span class="good">${inlineGlyph("done")} the rules take it</span>`;
  const parts = Object.entries(told.parts).filter(([, value]) => value !== 0);
  return html`<span class="bad">${inlineGlyph("fail")} will be refused: ${breakableName(told.error)}</span>
    <span class="dim">reward ${signedNumber(told.reward)} ${parts.length > 1 ? parts.map(([key, value]) => html` ${breakableName(key)} ${signedNumber(value)}`) : nothing}</span>`;
}

function actionForm(s) {
  const ids = s.family.ids?.(s.doc, s.view) ?? {};
  const bereft = offeredActions(s).length === 0;
  const submit = (event) => {
    event.preventDefault();
    takeAction(s);
  };
  return html`<form class="act" @submit=${submit} @keydown=${(event) => actOnEnter(s, event)}>${actionChoices(s)}
    <fieldset class="fields"><legend>The action, or any other</legend>${fieldsOf(s.hand).map(([key, each], place) =>
      actionField(s, key, each, { ids: ids[key], first: bereft && place === 0 }))}</fieldset>
    <p class="verdict" role="status">${verdictText(s.hand)}</p>
    <button class="do" ?disabled=${s.hand.busy}>Do it <kbd aria-hidden="true">Enter</kbd></button></form>`;
}

function forkOffer(s, words) {
  return html`<p class="dim">${words}</p><p><button type="button" data-first @click=${() => s.ask("fork")}>Fork here</button></p>`;
}

/** Says that the session has ended, and shows what was written but not sent. */
function sessionEnded(s) {
  const texts = s.hand.action ? Object.values(writtenTexts(s, s.hand.action)) : [];
  return html`<p class="bad" role="alert">Your session has ended: the server was restarted, or the session was idle for too long.</p>
    ${texts.length ? html`<h2>Not done</h2>${texts.map((text) => textBlock(text))}` : nothing}
    ${forkOffer(s, `A fork continues from here${texts.length ? ", and keeps what you wrote" : ""}.`)}`;
}

function playControls(s) {
  if (s.at < s.last) {
    const go = () => {
      s.seek(s.last);
      focusPanel();
    };
    return html`<p class="dim">You’re at step ${s.at} of ${s.last}. Recorded steps can’t change, but you can branch from here:</p>
      <p><button type="button" data-first @click=${go}>Go to the last</button>
      <button type="button" @click=${() => s.ask("fork")}>Fork here</button></p>`;
  }
  if (s.doc.episode.ended !== "running") return forkOffer(s, "This episode has ended; fork it to continue from an earlier step.");
  if (s.hand.gone) return sessionEnded(s);
  if (!s.hand.session) return forkOffer(s, "Somebody else is playing this episode; fork it to continue it yourself.");
  if (!mayAct(s)) return html`<p class="dim">No action is possible.</p>`;
  return actionForm(s);
}

/** The Play tab: the controls, then what the last action led to. */
export function playPanel(s) {
  return html`${playControls(s)}${stepPanel(s)}`;
}
