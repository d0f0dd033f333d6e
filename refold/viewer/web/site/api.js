// What the server answers, or the error in its own words. Paths are relative, so a proxy may move all.

/** An answer that is none: *status* is that of HTTP, 0 if the server was not reached. */
export class Refusal extends Error {
  constructor(status, words) {
    super(words);
    this.status = status;
  }
}

const BUSY = 503;
const LOGGED_OUT = 401;
const LOGIN = "login";
const TRIES = 4;
const PAUSE = 700;
const REST = 4;

function wordsOf(body, status) {
  const detail = body?.detail;
  if (typeof detail === "string") return detail;
  if (Array.isArray(detail)) return detail.map((each) => `${each.loc.join(".")}: ${each.msg}`).join("; ");
  return `the server answered ${status}`;
}

function pause(time) {
  return new Promise((done) => { setTimeout(done, time); });
}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Refusal(0, "The server cannot be reached; is it still running?");
  }
  const body = await answer.json().catch(() => null);
  if (answer.status === LOGGED_OUT && path !== LOGIN) window.dispatchEvent(new Event("logged-out"));
  if (!answer.ok) throw new Refusal(answer.status, wordsOf(body, answer.status));
  if (body === null) throw new Refusal(0, "The server's answer was cut off.");
  return body;
}

/** Asks the server to let this browser in. */
export function logIn(token) {
  return post(LOGIN, { token });
}

/** The JSON at *path*; asked for again a few times while the server is busy. */
export async function get(path) {
  for (let left = TRIES; ; left -= 1) {
    try {
      return await ask(path, { headers: { accept: "application/json" } });
    } catch (error) {
      if (error.status !== BUSY || left <= 1) throw error;
    }
    await pause(PAUSE);
  }
}

/** The JSON that the server answers to *body*; *session* is the secret of an episode's player. */
export function post(path, body, session = null) {
  const headers = { "content-type": "application/json" };
  if (session) headers["x-session-id"] = session;
  return ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** A path with *values* as its query, those left out that are null or empty. */
export function query(path, values) {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== "");
  const text = new URLSearchParams(given).toString();
  return text ? `${path}?${text}` : path;
}

/**
 * Calls *work* every *time* ms while the page is seen, one call at a time; returns how to stop it.
 *
 * Work that takes long is done less often, so that watching does not keep a server busy.
 */
export function repeat(time, work) {
  let timer = null;
  let stopped = false;
  const tick = async () => {
    const began = performance.now();
    try {
      if (!document.hidden) await work();
    } finally {
      if (!stopped) timer = setTimeout(tick, Math.max(time, REST * (performance.now() - began)));
    }
  };
  timer = setTimeout(tick, time);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
