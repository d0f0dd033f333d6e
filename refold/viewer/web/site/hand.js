// Playing by hand: the action that is put together, what the rules will say to it, and doing it.
import { post } from "./api.js";
import { refusalOf, refusedBy } from "./refusal.js";
import { draftOf, dropSession, keepDraft, sessionOf } from "./session.js";

const LONG = 1000;
const STILL = 150;
const REST = 300;
const GONE = 404;
const LEGAL = { error: null };

function pause(time) {
  return new Promise((done) => { setTimeout(done, time); });
}

/** Gives the state *s* of an episode what playing it needs; only who began it has its session. */
export function beginHand(s, id, schema) {
  s.look = () => (s.tab === "play" && mayAct(s) ? s.family.target(chosen(s)) : null);
  const action = draftOf(id);
  s.hand = {
    id, schema, session: sessionOf(id), gone: false, action, told: null, wrong: null,
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

/** The fields of an action, and the schema of each. */
export function fieldsOf({ schema }) {
  return Object.entries(schema.properties).filter(([key]) => key !== "metadata");
}

/** How many letters a field may have, undefined if any number. */
export function limitOf(schema) {
  return (schema.anyOf?.find((each) => each.type === "string") ?? schema).maxLength;
}

/** Whether a field is for more than a line. */
export function isLong(schema) {
  return limitOf(schema) > LONG;
}

/** What the player wrote into the fields for long texts, which goes along whatever is chosen. */
export function written({ hand }, action) {
  const long = fieldsOf(hand).filter(([key, schema]) => action[key] && isLong(schema));
  return Object.fromEntries(long.map(([key]) => [key, action[key]]));
}

/** The action without what was left empty: two are the same if these are. */
function bare(action) {
  return Object.fromEntries(Object.entries(action).filter(([, value]) => value !== null && value !== ""));
}

/** Whether two actions are the same. */
export function same(one, other) {
  const [left, right] = [bare(one), bare(other)];
  return Object.keys({ ...left, ...right }).every((key) => left[key] === right[key]);
}

/** Whether *action* is one of these, which are listed. */
function among(listed, action) {
  return listed.some((each) => same(each.action, action));
}

/** The legal actions, those on what is picked alone if something is. */
export function offered(s) {
  return s.picked === null ? s.doc.legal : s.doc.legal.filter((each) => s.family.target(each.action) === s.picked);
}

function plays(s) {
  return s.hand.session !== null && s.doc.episode.ended === "running" && s.doc.legal.length > 0;
}

/** Whether an action can be done now, at the step that is shown. */
export function mayAct(s) {
  return plays(s) && s.at === s.last;
}

/**
 * The action that is put together: at first the first legal one.
 *
 * When something else is picked, the first one there, unless it is there or has become the player's own.
 */
export function chosen(s) {
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

/** Puts together *action*, and finds out what the rules say to it. */
export function choose(s, action) {
  s.hand.action = { ...action };
  keepDraft(s.hand.id, among(s.doc.legal, action) ? null : action);
  judge(s);
}

/** What an action that was taken, or *refused*, leaves behind; what was chosen meanwhile stays. */
function settle(s, taken, refused) {
  const { hand } = s;
  if (refused?.status === GONE) {
    dropSession(hand.id);
    Object.assign(hand, { session: null, gone: true });
  } else if (!refused && hand.action === taken) {
    keepDraft(hand.id, null);
    hand.action = null;
  }
}

/** Does what is put together, once: for a moment after the answer nothing can be done, as a key may still be held. */
export async function act(s) {
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
export function enter(s, event) {
  const line = event.target.tagName !== "TEXTAREA" || event.ctrlKey || event.metaKey;
  if (event.key !== "Enter" || event.isComposing || !line) return;
  if (!event.repeat && event.target.closest("button")) return;
  event.preventDefault();
  if (event.repeat || s.hand.busy) return;
  if (s.hand.told || s.hand.wrong) act(s);
  else put(s, { waiting: true });
}
