// Playing by hand: the actions that may be taken now, any other, and what the rules will say to it.
import { html, nothing } from "../vendor/lit-html.js";
import { inline } from "../icons.js";
import { stepPanel } from "../panels.js";
import { block, flat, name, shown, signed } from "../text.js";
import { post } from "./api.js";
import { refusalOf, refusedBy } from "./refusal.js";

const LONG = 1000;
const MOST = 300;
const STILL = 150;
const REST = 300;
const GONE = 404;
const LEGAL = { error: null };

function pause(time) {
  return new Promise((done) => { setTimeout(done, time); });
}

function keyOf(id) {
  return `refold ${id}`;
}

function draftOf(id) {
  return `refold draft ${id}`;
}

async function begin(asked, more, alive) {
  const begun = await post("api/episodes", asked);
  sessionStorage.setItem(keyOf(begun.id), begun.session);
  if (alive()) location.hash = new URLSearchParams({ episode: begun.id, ...more, tab: "play" });
}

/** Begins an episode of *task* in the world of *seed*, its own if null, and goes to it if still *alive*. */
export function playNew({ task, seed = null }, alive) {
  return begin({ task, seed }, {}, alive);
}

/** Leaves the episode *parent* at a position, and goes to the new one if still *alive*. */
export function playFork({ parent, at }, alive) {
  return begin({ parent, at }, { step: at }, alive);
}

/** Gives the state *s* of an episode what playing it needs; only who began it has its session. */
export function beginHand(s, id, schema) {
  s.look = () => (s.tab === "play" && mayAct(s) ? s.family.target(chosen(s)) : null);
  const action = JSON.parse(sessionStorage.getItem(draftOf(id)));
  s.hand = {
    id, schema, session: sessionStorage.getItem(keyOf(id)), gone: false, action, told: null, wrong: null,
    busy: false, waiting: false, picked: null, asked: 0,
  };
  if (action && plays(s)) preview(s);
}

function put(s, changes) {
  Object.assign(s.hand, changes);
  s.set({});
}

function pathOf(s, what) {
  return `api/episodes/${encodeURIComponent(s.hand.id)}/${what}`;
}

function fieldsOf({ schema }) {
  return Object.entries(schema.properties).filter(([key]) => key !== "metadata");
}

function textOf(schema) {
  return schema.anyOf?.find((each) => each.type === "string") ?? schema;
}

/** What the player wrote into the fields for long texts, which goes along whatever is chosen. */
function written({ hand }, action) {
  const long = fieldsOf(hand).filter(([key, schema]) => action[key] && textOf(schema).maxLength > LONG);
  return Object.fromEntries(long.map(([key]) => [key, action[key]]));
}

/** The action without what was left empty: two are the same if these are. */
function bare(action) {
  return Object.fromEntries(Object.entries(action).filter(([, value]) => value !== null && value !== ""));
}

function same(one, other) {
  const [left, right] = [bare(one), bare(other)];
  return Object.keys({ ...left, ...right }).every((key) => left[key] === right[key]);
}

/** Whether *action* is one of these, which are listed. */
function among(listed, action) {
  return listed.some((each) => same(each.action, action));
}

/** The legal actions, those on what is picked alone if something is. */
function offered(s) {
  return s.picked === null ? s.doc.legal : s.doc.legal.filter((each) => s.family.target(each.action) === s.picked);
}

function plays(s) {
  return s.hand.session !== null && s.doc.episode.ended === "running" && s.doc.legal.length > 0;
}

function mayAct(s) {
  return plays(s) && s.at === s.last;
}

/**
 * The action that is put together: at first the first legal one.
 *
 * When something else is picked, the first one there, unless it is there or has become the player's own.
 */
function chosen(s) {
  const { hand, doc } = s;
  const turned = hand.picked !== s.picked;
  hand.picked = s.picked;
  const [first] = offered(s);
  if (!hand.action) Object.assign(hand, { action: { ...(first ?? doc.legal[0]).action }, told: LEGAL });
  else if (turned && first && among(doc.legal, hand.action) && !among(offered(s), hand.action)) {
    Object.assign(hand, { action: { ...first.action }, told: LEGAL, wrong: null });
  }
  return hand.action;
}

/** Puts the focus on what comes first in the panel, on itself if nothing does. */
export function focusPanel() {
  (document.querySelector("#panel [data-first]") ?? document.getElementById("panel"))?.focus();
}

/** Asks the rules what they will say to the action, once it has not changed for a moment. */
async function preview(s) {
  const own = s.hand.asked;
  await pause(STILL);
  const stale = () => own !== s.hand.asked;
  if (stale()) return;
  let told = null;
  const wrong = await refusalOf(async () => {
    told = await post(pathOf(s, "preview"), { action: bare(s.hand.action), at: s.last });
  });
  if (stale()) return;
  const wanted = s.hand.waiting && told?.error === null;
  put(s, { told, wrong, waiting: false });
  if (wanted) act(s);
}

/** Finds out what the rules say to the action: asks, unless it is one of those that are legal. */
function judge(s) {
  const legal = among(s.doc.legal, s.hand.action);
  put(s, { told: legal ? LEGAL : null, wrong: null, waiting: false, asked: s.hand.asked + 1 });
  if (!legal) preview(s);
}

/** Judges the action that is put together once more, now that the episode has moved. */
export function reconsider(s) {
  if (s.hand.action && plays(s)) judge(s);
}

function choose(s, action) {
  s.hand.action = { ...action };
  if (among(s.doc.legal, action)) sessionStorage.removeItem(draftOf(s.hand.id));
  else sessionStorage.setItem(draftOf(s.hand.id), JSON.stringify(action));
  judge(s);
}

/** What an action that was taken, or *refused*, leaves behind; what was chosen meanwhile stays. */
function settle(s, taken, refused) {
  const { hand } = s;
  if (refused?.status === GONE) {
    sessionStorage.removeItem(keyOf(hand.id));
    Object.assign(hand, { session: null, gone: true });
  } else if (!refused && hand.action === taken) {
    sessionStorage.removeItem(draftOf(hand.id));
    hand.action = null;
  }
}

/** Does what is put together, once: for a moment after the answer nothing can be done, as a key may still be held. */
async function act(s) {
  const { hand } = s;
  if (hand.busy) return;
  const inside = Boolean(document.activeElement?.closest(".act"));
  const taken = hand.action;
  put(s, { busy: true, waiting: false, asked: hand.asked + 1 });
  const refused = await refusedBy(() => post(pathOf(s, "actions"), { action: bare(taken), at: s.last }, hand.session));
  const lost = await refusalOf(() => s.refresh());
  settle(s, taken, refused);
  const other = !refused && hand.action !== null;
  put(s, { told: null, wrong: refused?.message ?? lost, asked: hand.asked + 1 });
  if (other) reconsider(s);
  if (inside) focusPanel();
  await pause(REST);
  put(s, { busy: false });
}

/** Does the action at Enter; if the rules have not yet said what they think of it, once they take it. */
function enter(s, event) {
  const line = event.target.tagName !== "TEXTAREA" || event.ctrlKey || event.metaKey;
  if (event.key !== "Enter" || event.isComposing || !line) return;
  if (!event.repeat && event.target.closest("button")) return;
  event.preventDefault();
  if (event.repeat || s.hand.busy) return;
  if (s.hand.told || s.hand.wrong) act(s);
  else put(s, { waiting: true });
}

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
  const { maxLength } = textOf(schema);
  const label = key.replaceAll("_", " ");
  if (schema.enum) {
    return html`<label>${label} <select ?data-first=${first} @change=${change}>${schema.enum.map((each) =>
      html`<option value=${each} .selected=${each === value}>${each}</option>`)}</select></label>`;
  }
  if (!ids && maxLength > LONG) {
    return html`<label>${label} <textarea rows="3" maxlength=${maxLength} .value=${value} ?data-first=${first}
      @input=${change}></textarea></label>`;
  }
  return html`<label>${label} <input type="text" maxlength=${maxLength ?? nothing} list="ids-${key}" autocomplete="off"
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
    ${leaveHere(s, "A fork plays on from here.")}`;
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
