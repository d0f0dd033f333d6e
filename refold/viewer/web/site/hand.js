// Playing by hand: compose an action, preview what the rules say about it, and take it.
import { post, wait } from "./api.js";
import { refusalOf, refusedBy } from "./refusal.js";
import { draftOf, dropSession, keepDraft, sessionOf } from "./session.js";

const LONG_FIELD = 1000;
const PREVIEW_DELAY = 150; // ms without a change: no request for each letter typed
const REST_TIME = 300; // ms after an action, in case Enter is still held down
const SESSION_GONE = 404;
const LEGAL = { error: null };

/** Adds to the state *s* what playing needs; only the tab that began the episode has its session. */
export function beginHand(s, id, schema) {
  s.look = () => (s.tab === "play" && mayAct(s) ? s.family.target(chosenAction(s)) : null);
  const action = draftOf(id);
  s.hand = {
    id, schema, session: sessionOf(id), gone: false, action, told: null, wrong: null,
    busy: false, waiting: false, picked: null, asked: 0,
  };
  if (action && canPlay(s)) previewAction(s);
}

function setHand(s, changes) {
  Object.assign(s.hand, changes);
  s.set({});
}

function pathOf(s, what) {
  return `api/episodes/${encodeURIComponent(s.hand.id)}/${what}`;
}

/** The fields of an action with their schemas. */
export function fieldsOf({ schema }) {
  return Object.entries(schema.properties).filter(([key]) => key !== "metadata");
}

/** The most letters a field takes, undefined without a limit. */
export function limitOf(schema) {
  return (schema.anyOf?.find((each) => each.type === "string") ?? schema).maxLength;
}

/** Whether a field is for text of several lines. */
export function isLong(schema) {
  return limitOf(schema) > LONG_FIELD;
}

/** The texts that the player wrote into long fields; they stay when another action is chosen. */
export function writtenTexts({ hand }, action) {
  const long = fieldsOf(hand).filter(([key, schema]) => action[key] && isLong(schema));
  return Object.fromEntries(long.map(([key]) => [key, action[key]]));
}

/** The action without empty fields, which mean the same as missing ones. */
function withoutEmpty(action) {
  return Object.fromEntries(Object.entries(action).filter(([, value]) => value !== null && value !== ""));
}

/** Whether two actions are the same. */
export function sameAction(one, other) {
  const [left, right] = [withoutEmpty(one), withoutEmpty(other)];
  return Object.keys({ ...left, ...right }).every((key) => left[key] === right[key]);
}

/** Whether *action* is in the list *listed*. */
function isListed(listed, action) {
  return listed.some((each) => sameAction(each.action, action));
}

/** The legal actions; only those on what is picked in the picture, if something is. */
export function offeredActions(s) {
  return s.picked === null ? s.doc.legal : s.doc.legal.filter((each) => s.family.target(each.action) === s.picked);
}

function canPlay(s) {
  return s.hand.session !== null && s.doc.episode.ended === "running" && s.doc.legal.length > 0;
}

/** Whether the player can act at the step that is shown. */
export function mayAct(s) {
  return canPlay(s) && s.at === s.last;
}

/**
 * The action being composed; the first legal one to begin with.
 *
 * If something else is picked, the first legal one on that, unless the player has written his own.
 */
export function chosenAction(s) {
  const { hand, doc } = s;
  const turned = hand.picked !== s.picked;
  hand.picked = s.picked;
  const [first] = offeredActions(s);
  if (!hand.action) Object.assign(hand, { action: { ...(first ?? doc.legal[0]).action }, told: LEGAL });
  else if (turned && first && isListed(doc.legal, hand.action) && !isListed(offeredActions(s), hand.action)) {
    Object.assign(hand, { action: { ...first.action }, told: LEGAL, wrong: null });
  }
  return hand.action;
}

/** Puts the focus on the first control of the panel, or on the panel itself. */
export function focusPanel() {
  (document.querySelector("#panel [data-first]") ?? document.getElementById("panel"))?.focus();
}

/** Asks the server what the rules say about the action, once it has not changed for a moment. */
async function previewAction(s) {
  const own = s.hand.asked;
  await wait(PREVIEW_DELAY);
  const stale = () => own !== s.hand.asked;
  if (stale()) return;
  let told = null;
  const wrong = await refusalOf(async () => {
    told = await post(pathOf(s, "preview"), { action: withoutEmpty(s.hand.action), at: s.last });
  });
  if (stale()) return;
  const wanted = s.hand.waiting && told?.error === null;
  setHand(s, { told, wrong, waiting: false });
  if (wanted) takeAction(s);
}

/** Shows what the rules say about the action; asks the server unless it is known to be legal. */
function judgeAction(s) {
  const legal = isListed(s.doc.legal, s.hand.action);
  setHand(s, { told: legal ? LEGAL : null, wrong: null, waiting: false, asked: s.hand.asked + 1 });
  if (!legal) previewAction(s);
}

/** Judges the composed action again after the episode has moved. */
export function judgeAgain(s) {
  if (s.hand.action && canPlay(s)) judgeAction(s);
}

/** Makes *action* the composed one, and shows what the rules say about it. */
export function chooseAction(s, action) {
  s.hand.action = { ...action };
  keepDraft(s.hand.id, isListed(s.doc.legal, action) ? null : action);
  judgeAction(s);
}

/** Clears the action that was taken; keeps it if it was *refused* or another was chosen meanwhile. */
function finishAction(s, taken, refused) {
  const { hand } = s;
  if (refused?.status === SESSION_GONE) {
    dropSession(hand.id);
    Object.assign(hand, { session: null, gone: true });
  } else if (!refused && hand.action === taken) {
    keepDraft(hand.id, null);
    hand.action = null;
  }
}

/** Takes the composed action once, then ignores the player for a moment. */
export async function takeAction(s) {
  const { hand } = s;
  if (hand.busy) return;
  const inside = Boolean(document.activeElement?.closest(".act"));
  const taken = hand.action;
  setHand(s, { busy: true, waiting: false, asked: hand.asked + 1 });
  const refused = await refusedBy(() => post(pathOf(s, "actions"), { action: withoutEmpty(taken), at: s.last }, hand.session));
  const lost = await refusalOf(() => s.refresh());
  finishAction(s, taken, refused);
  const other = !refused && hand.action !== null;
  setHand(s, { told: null, wrong: refused?.message ?? lost, asked: hand.asked + 1 });
  if (other) judgeAgain(s);
  if (inside) focusPanel();
  await wait(REST_TIME);
  setHand(s, { busy: false });
}

/** Takes the action at Enter; if its preview is still on the way, as soon as the rules accept it. */
export function actOnEnter(s, event) {
  const line = event.target.tagName !== "TEXTAREA" || event.ctrlKey || event.metaKey;
  if (event.key !== "Enter" || event.isComposing || !line) return;
  if (!event.repeat && event.target.closest("button")) return;
  event.preventDefault();
  if (event.repeat || s.hand.busy) return;
  if (s.hand.told || s.hand.wrong) takeAction(s);
  else setHand(s, { waiting: true });
}
