// What this tab stores about the episodes it plays: their sessions, and drafts of actions.
// In sessionStorage, which other tabs do not share: two players of one session would collide.
import { post } from "./api.js";

function sessionKey(id) {
  return `refold ${id}`;
}

function draftKey(id) {
  return `refold draft ${id}`;
}

async function startEpisode(asked, more, draft, alive) {
  const begun = await post("api/episodes", asked);
  sessionStorage.setItem(sessionKey(begun.id), begun.session);
  keepDraft(begun.id, draft);
  if (alive()) location.hash = new URLSearchParams({ episode: begun.id, ...more, tab: "play" });
}

/** Begins an episode of *task* with *seed*, the task's own if null, and opens it if still *alive*. */
export function playNew({ task, seed = null }, alive) {
  return startEpisode({ task, seed }, {}, null, alive);
}

/** Forks *parent* at a position, takes along the *draft* of an action, and opens the fork if still *alive*. */
export function playFork({ parent, at }, draft, alive) {
  return startEpisode({ parent, at }, { step: at }, draft, alive);
}

/** The session that may act in the episode *id*; null if this tab does not play it. */
export function sessionOf(id) {
  return sessionStorage.getItem(sessionKey(id));
}

/** Forgets the session of the episode *id*, which the server no longer knows. */
export function dropSession(id) {
  sessionStorage.removeItem(sessionKey(id));
}

/** The draft of an action in the episode *id*, or null. */
export function draftOf(id) {
  return JSON.parse(sessionStorage.getItem(draftKey(id)));
}

/** Stores *action* as the draft, or removes the draft if it is null. */
export function keepDraft(id, action) {
  if (action) sessionStorage.setItem(draftKey(id), JSON.stringify(action));
  else sessionStorage.removeItem(draftKey(id));
}
