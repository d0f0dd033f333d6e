// Requests to the server. Paths are relative, so that a proxy can serve everything under a prefix.

/** The server refused, in its own words; *status* is that of HTTP, 0 if it was not reached. */
export class Refusal extends Error {
  constructor(status, words) {
    super(words);
    this.status = status;
  }
}

const BUSY = 503;
const LOGGED_OUT = 401;
const LOGIN = "login";
const MOST_TRIES = 4;
const RETRY_PAUSE = 700;
const REST_FACTOR = 4;

function errorText(body, status) {
  const detail = body?.detail;
  if (typeof detail === "string") return detail;
  if (Array.isArray(detail)) return detail.map((each) => `${each.loc.join(".")}: ${each.msg}`).join("; ");
  return `the server answered ${status}`;
}

/** Resolves after *time* ms. */
export function wait(time) {
  return new Promise((done) => { setTimeout(done, time); });
}

async function request(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Refusal(0, "The server cannot be reached; is it still running?");
  }
  const body = await answer.json().catch(() => null);
  if (answer.status === LOGGED_OUT && path !== LOGIN) window.dispatchEvent(new Event("logged-out"));
  if (!answer.ok) throw new Refusal(answer.status, errorText(body, answer.status));
  if (body === null) throw new Refusal(0, "The server's answer was cut off.");
  return body;
}

/** Logs this browser in; the server sets a cookie. */
export function logIn(token) {
  return post(LOGIN, { token });
}

/** Returns the JSON at *path*; retries a few times while the server is busy (503). */
export async function get(path) {
  for (let left = MOST_TRIES; ; left -= 1) {
    try {
      return await request(path, { headers: { accept: "application/json" } });
    } catch (error) {
      if (error.status !== BUSY || left <= 1) throw error;
    }
    await wait(RETRY_PAUSE);
  }
}

/** *body* as JSON, with each BigInt as a number of all its digits. */
function toJson(body) {
  const marked = JSON.stringify(body, (key, value) => typeof value === "bigint" ? `\0${value}\0` : value);
  return marked.replace(/"\\u0000(\d+)\\u0000"/g, "$1");
}

/** Posts *body* and returns the JSON response; *session* is the secret that lets a player act. */
export function post(path, body, session = null) {
  const headers = { "content-type": "application/json" };
  if (session) headers["x-session-id"] = session;
  return request(path, { method: "POST", headers, body: toJson(body) });
}

/** The path with *values* as its query, without null and empty ones. */
export function withQuery(path, values) {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== "");
  const text = new URLSearchParams(given).toString();
  return text ? `${path}?${text}` : path;
}

/**
 * Calls *work* every *time* ms while the page is visible, one call at a time; returns how to stop.
 *
 * Slow work is done less often, a fifth of the time at most, so that watching does not load a server.
 */
export function repeat(time, work) {
  let timer = null;
  let stopped = false;
  const tick = async () => {
    const began = performance.now();
    try {
      if (!document.hidden) await work();
    } finally {
      if (!stopped) timer = setTimeout(tick, Math.max(time, REST_FACTOR * (performance.now() - began)));
    }
  };
  timer = setTimeout(tick, time);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
