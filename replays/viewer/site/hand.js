// Playing by hand: the actions that may be taken now, any other, and what the rules will say to it.
import { html, nothing } from "../vendor/lit-html.js";
import { inline } from "../icons.js";
import { stepPanel } from "../panels.js";
import { flat, name, shown, signed } from "../text.js";
import { post } from "./api.js";
import { refusalOf } from "./refusal.js";

const LONG = 1000;
const STILL = 150;
const LEGAL = { error: null };

function keyOf(id) {
  return `refold ${id}`;
}

async function begin(asked, more) {
  const begun = await post("api/episodes", asked);
  sessionStorage.setItem(keyOf(begun.id), begun.session);
  location.hash = new URLSearchParams({ episode: begun.id, ...more, tab: "play" });
}

/** Begins an episode of *task* in the world of *seed*, its own if null, and goes to it. */
export function playNew({ task, seed = null }) {
  return begin({ task, seed }, {});
}

/** Leaves the episode *parent* at a position, and goes to the new one. */
export function playFork({ parent, at }) {
  return begin({ parent, at }, { step: at });
}

/** Gives the state *s* of an episode what playing it needs; only who began it has its session. */
export function beginHand(s, id) {
  s.look = () => (s.tab === "play" && mayAct(s) ? s.family.target(chosen(s)) : null);
  s.hand = { id, session: sessionStorage.getItem(keyOf(id)), action: null, told: null, wrong: null, busy: false, picked: null, asked: 0 };
}

function put(s, changes) {
  Object.assign(s.hand, changes);
  s.set({});
}

function pathOf(s, what) {
  return `api/episodes/${encodeURIComponent(s.hand.id)}/${what}`;
}

/** The action without what was left empty: two are the same if these are. */
function bare(action) {
  return Object.fromEntries(Object.entries(action).filter(([, value]) => value !== null && value !== ""));
}

function same(one, other) {
  const [left, right] = [bare(one), bare(other)];
  return Object.keys({ ...left, ...right }).every((key) => left[key] === right[key]);
}

/** The legal actions, those on what is picked alone if there are any. */
function offered(s) {
  const on = s.picked === null ? [] : s.doc.legal.filter((each) => s.family.target(each.action) === s.picked);
  return on.length ? on : s.doc.legal;
}

function mayAct(s) {
  return s.hand.session !== null && s.at === s.last && s.doc.episode.ended === "running" && s.doc.legal.length > 0;
}

/** The action that is put together; at first, and when something else is picked, the first legal one. */
function chosen(s) {
  const { hand } = s;
  if (!hand.action || hand.picked !== s.picked) {
    Object.assign(hand, { action: { ...offered(s)[0].action }, told: LEGAL, wrong: null, picked: s.picked });
  }
  return hand.action;
}

function focusChoice() {
  document.querySelector(".act [type=radio]:checked, .act [type=radio]")?.focus();
}

/** Asks the rules what they will say to the action, once it has not changed for a moment. */
async function preview(s) {
  const own = s.hand.asked;
  await new Promise((done) => { setTimeout(done, STILL); });
  const stale = () => own !== s.hand.asked;
  if (stale()) return;
  let told = null;
  const wrong = await refusalOf(async () => {
    told = await post(pathOf(s, "preview"), { action: bare(s.hand.action), at: s.last });
  });
  if (!stale()) put(s, { told, wrong });
}

function choose(s, action) {
  const legal = s.doc.legal.some((each) => same(each.action, action));
  put(s, { action: { ...action }, told: legal ? LEGAL : null, wrong: null, asked: s.hand.asked + 1 });
  if (!legal) preview(s);
}

async function act(s) {
  if (s.hand.busy) return;
  const inside = document.activeElement?.closest(".act") !== null;
  put(s, { busy: true, asked: s.hand.asked + 1 });
  const asked = { action: bare(s.hand.action), at: s.last };
  const wrong = await refusalOf(() => post(pathOf(s, "actions"), asked, s.hand.session));
  const lost = await refusalOf(() => s.refresh());
  put(s, { action: wrong ? s.hand.action : null, told: null, wrong: wrong ?? lost, busy: false });
  if (inside) focusChoice();
}

function choice(s, { action, say }, place) {
  const own = same(action, chosen(s));
  return html`<label class="choice"><input type="radio" name="choice" value=${place} .checked=${own}
    ?data-first=${own} @change=${() => choose(s, action)}> <span>${shown(say)}</span></label>`;
}

function field(s, key, schema, ids) {
  const value = chosen(s)[key] ?? "";
  const change = (event) => choose(s, { ...chosen(s), [key]: event.target.value });
  const text = schema.anyOf?.find((each) => each.type === "string") ?? schema;
  const label = key.replaceAll("_", " ");
  if (schema.enum) {
    return html`<label>${label} <select @change=${change}>${schema.enum.map((each) =>
      html`<option value=${each} .selected=${each === value}>${each}</option>`)}</select></label>`;
  }
  if (!ids && text.maxLength > LONG) {
    return html`<label>${label} <textarea rows="3" maxlength=${text.maxLength} .value=${value} @input=${change}></textarea></label>`;
  }
  return html`<label>${label} <input type="text" maxlength=${text.maxLength ?? nothing} list="ids-${key}" autocomplete="off"
    .value=${value} @input=${change}></label>
    <datalist id="ids-${key}">${(ids ?? []).map((id) => html`<option value=${flat(id)}></option>`)}</datalist>`;
}

function verdict({ told, wrong }) {
  if (wrong) return html`<span class="bad">${inline("fail")} ${shown(wrong)}</span>`;
  if (!told) return nothing;
  if (!told.error) return html`<span class="good">${inline("done")} the rules take it</span>`;
  const parts = Object.entries(told.parts).filter(([, value]) => value !== 0);
  return html`<span class="bad">${inline("fail")} will be refused: ${name(told.error)}</span>
    <span class="dim">reward ${signed(told.reward)} ${parts.length > 1 ? parts.map(([key, value]) => html` ${name(key)} ${signed(value)}`) : nothing}</span>`;
}

function form(s, schema) {
  const choices = offered(s);
  const some = choices.length < s.doc.legal.length;
  const fields = Object.entries(schema.properties).filter(([key]) => key !== "metadata");
  const ids = s.family.ids?.(s.doc, s.view) ?? {};
  const submit = (event) => {
    event.preventDefault();
    act(s);
  };
  const send = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
  };
  return html`<form class="act" @submit=${submit} @keydown=${send}>
    <fieldset class="choices"><legend>Legal now <span class="dim">${choices.length}${some ? html` on ${name(s.picked)}` : nothing}</span></legend>
      ${some ? html`<button type="button" class="all" @click=${() => s.pick(s.picked)}>all</button>` : nothing}
      ${choices.map((each, place) => choice(s, each, place))}</fieldset>
    <fieldset class="fields"><legend>The action, or any other</legend>${fields.map(([key, each]) => field(s, key, each, ids[key]))}</fieldset>
    <p class="verdict" role="status">${verdict(s.hand)}</p>
    <button class="do" ?disabled=${s.hand.busy}>Do it <kbd aria-hidden="true">Enter</kbd></button></form>`;
}

function leaveHere(s, words) {
  return html`<p class="dim">${words}</p><p><button type="button" data-first @click=${() => s.set({ dialog: "fork" })}>Fork here</button></p>`;
}

function controls(s, schema) {
  if (s.at < s.last) {
    return html`<p class="dim">You look at step ${s.at} of ${s.last}. What was done cannot be undone, but left:</p>
      <p><button type="button" data-first @click=${() => s.seek(s.last)}>Go to the last</button>
      <button type="button" @click=${() => s.set({ dialog: "fork" })}>Fork here</button></p>`;
  }
  if (s.doc.episode.ended !== "running") return leaveHere(s, "This episode has ended; who forks it plays on from an earlier step.");
  if (!s.hand.session) return leaveHere(s, "Somebody else plays this episode; fork it to play on yourself.");
  if (!mayAct(s)) return html`<p class="dim">No action is possible.</p>`;
  return form(s, schema);
}

/** The tab to play in: actions first, then what the last one led to. */
export function playPanel(s, schema) {
  return html`${controls(s, schema)}${stepPanel(s)}`;
}
