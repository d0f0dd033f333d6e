// The entry of the server's page: a router from the address to a view.
import { html, render, nothing } from "../vendor/lit-html.js";
import { readAddress } from "../address.js";
import { toggleTheme } from "../keys.js";
import { visibleText } from "../text.js";
import { Refusal } from "./api.js";
import { showEpisodes } from "./episodes.js";
import { askToken } from "./login.js";
import { showOne } from "./one.js";
import { showOverview } from "./overview.js";
import { showRuns } from "./runs.js";
import { showStart } from "./start.js";
import { showStandings } from "./standings.js";
import { showTwo } from "./two.js";

const PAGES = { runs: showRuns, overview: showOverview, episodes: showEpisodes, start: showStart, standings: showStandings, one: showOne, two: showTwo };
const LINKS = [["runs", "Runs"], ["episodes", "Episodes"], ["start", "Play"], ["standings", "Standings"]];

const NOWHERE = { page: null, key: null };
const LOGIN = { page: "login", key: null };
const LAST = "last";

/** The view that the address asks for, with the key that tells it from others of its kind. */
function wantedView() {
  const given = readAddress();
  if (given.has("a") && given.has("b")) return { page: "two", key: ["a", "b"].map((side) => encodeURIComponent(given.get(side))).join("/") };
  if (given.has("episode")) return { page: "one", key: given.get("episode") };
  const page = given.get("page");
  if (page === "runs" && given.has("run")) return { page: "overview", key: given.getAll("run").map(encodeURIComponent).join("/") };
  return { page: LINKS.some(([each]) => each === page) ? page : "episodes", key: "" };
}

function siteBar(page) {
  return html`<nav class="bar" aria-label="Site"><a class="brand" href="#page=episodes">refold</a>
    ${LINKS.map(([each, text]) => html`<a href="#page=${each}" aria-current=${each === (page === "overview" ? "runs" : page) ? "page" : nothing}>${text}</a>`)}
    <span class="rest"></span><button type="button" @click=${toggleTheme}>Theme</button></nav>`;
}

/** Whether two views are the same; `last` may have come to mean another episode, so it never is. */
function sameView(one, other) {
  return one.page === other.page && one.key === other.key && !one.key.split("/").includes(LAST);
}

function renderFailure(root, error, again) {
  render(html`<main class="failed"><h1>Not shown</h1><p class="error" role="alert">${visibleText(error.message)}</p>
    <p class="ways"><button type="button" @click=${again}>Try again</button>
    <a href="#page=episodes">All episodes</a></p></main>`, root);
}

/** Moves the focus to the heading of *view*, for screen readers, unless something in it has it. */
function focusOn(view) {
  const heading = view.querySelector("h1");
  if (!heading || view.contains(document.activeElement)) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function startRouter(root) {
  let open = NOWHERE;
  let leave = () => {};
  let turn = 0;
  const view = document.createElement("div");
  view.className = "view";
  const top = document.createElement("div");
  root.replaceChildren(top, view);

  /** Leaves the current view for *wanted*; returns a function that says if that is still current. */
  const turnTo = (wanted) => {
    open = wanted;
    const own = turn += 1;
    leave();
    leave = () => {};
    delete document.documentElement.dataset.ready;
    render(nothing, view);
    view.scrollTop = 0;
    return () => own === turn;
  };
  const isReady = () => {
    if (turn > 1) focusOn(view);
    document.documentElement.dataset.ready = open.page;
  };
  const again = () => {
    open = NOWHERE;
    show();
  };
  const show = async () => {
    const wanted = wantedView();
    if (sameView(wanted, open)) return;
    const alive = turnTo(wanted);
    render(siteBar(wanted.page), top);
    try {
      const stop = await PAGES[wanted.page](view, wanted.key, alive);
      if (alive()) leave = stop;
      else stop();
    } catch (error) {
      if (alive()) renderFailure(view, error, again);
      if (!(error instanceof Refusal)) throw error;
    } finally {
      if (alive()) isReady();
    }
  };
  const ask = () => {
    if (open === LOGIN) return;
    turnTo(LOGIN);
    askToken(view, again);
    isReady();
  };
  window.addEventListener("hashchange", show);
  window.addEventListener("logged-out", ask);
  show();
}

startRouter(document.getElementById("app"));
