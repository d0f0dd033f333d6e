// What this tab keeps of the episodes that it plays: the session that may act, and what is not done yet.
import { post } from "./api.js";

function keyOf(id) {
  return `refold ${id}`;
}

function draftKey(id) {
  return `refold draft ${id}`;
}

async function begin(asked, more, draft, alive) {
  const begun = await post("api/episodes", asked);
  sessionStorage.setItem(keyOf(begun.id), begun.session);
  keepDraft(begun.id, draft);
  if (alive()) location.hash = new URLSearchParams({ episode: begun.id, ...more, tab: "play" });
}

/** Begins an episode of *task* in the world of *seed*, its own if null, and goes to it if still *alive*. */
export function playNew({ task, seed = null }, alive) {
  return begin({ task, seed }, {}, null, alive);
}

/** Leaves the episode *parent* at a position with the *draft* of an action, and goes to the new one if still *alive*. */
export function playFork({ parent, at }, draft, alive) {
  return begin({ parent, at }, { step: at }, draft, alive);
}

/** The session that may act in the episode *id*; null if another tab, or nobody by hand, plays it. */
export function sessionOf(id) {
  return sessionStorage.getItem(keyOf(id));
}

/** Forgets the session of the episode *id*, which the server no longer knows. */
export function dropSession(id) {
  sessionStorage.removeItem(keyOf(id));
}

/** The action that was put together and not done in the episode *id*, null if there is none. */
export function draftOf(id) {
  return JSON.parse(sessionStorage.getItem(draftKey(id)));
}

/** Keeps *action* as not done yet, or nothing if it is null. */
export function keepDraft(id, action) {
  if (action) sessionStorage.setItem(draftKey(id), JSON.stringify(action));
  else sessionStorage.removeItem(draftKey(id));
}
