// The page of a server: which view the address asks for, and the way between them.
import { html, render, nothing } from "../vendor/lit-html.js";
import { shown } from "../text.js";
import { otherTheme } from "../keys.js";
import { post } from "./api.js";
import { showEpisodes } from "./episodes.js";
import { showOne } from "./one.js";
import { showStart } from "./start.js";
import { showStandings } from "./standings.js";
import { showTwo } from "./two.js";

const PAGES = { episodes: showEpisodes, start: showStart, standings: showStandings, one: showOne, two: showTwo };
const LINKS = [["episodes", "Episodes"], ["start", "Play"], ["standings", "Standings"]];

/** The view that the address names, and what tells it from other views of its kind. */
function asked() {
  const given = new URLSearchParams(location.hash.slice(1));
  if (given.has("a") && given.has("b")) return { page: "two", key: `${given.get("a")} ${given.get("b")}` };
  if (given.has("episode")) return { page: "one", key: given.get("episode") };
  const page = given.get("page");
  return { page: LINKS.some(([each]) => each === page) ? page : "episodes", key: "" };
}

function bar(page) {
  return html`<nav class="bar" aria-label="Site"><a class="brand" href="#page=episodes">refold</a>
    ${LINKS.map(([each, text]) => html`<a href="#page=${each}" aria-current=${each === page ? "page" : nothing}>${text}</a>`)}
    <span class="rest"></span><button type="button" @click=${otherTheme}>Theme</button></nav>`;
}

function login(root, again) {
  let wrong = nothing;
  const enter = async (event) => {
    event.preventDefault();
    try {
      await post("login", { token: event.target.elements.token.value });
      again();
    } catch (error) {
      wrong = html`<p class="bad" role="alert">${shown(error.message)}</p>`;
      draw();
    }
  };
  const draw = () => render(html`<main class="login"><h1>Log in</h1>
    <p class="dim">This server asks for its token; it is kept as a cookie of this browser.</p>
    <form @submit=${enter}><input type="text" autocomplete="username" value="refold" hidden><label>Token <input type="password" name="token" autocomplete="current-password" required></label>
    <button>Log in</button></form>${wrong}</main>`, root);
  draw();
}

function failed(root, error) {
  render(html`<main class="failed"><p class="error" role="alert">${shown(error.message)}</p>
    <p><a href="#page=episodes">All episodes</a></p></main>`, root);
}

function start(root) {
  let open = { page: null, key: null };
  let leave = () => {};
  let turn = 0;
  const view = document.createElement("div");
  view.className = "view";
  const top = document.createElement("div");
  root.replaceChildren(top, view);

  const show = async () => {
    const wanted = asked();
    if (wanted.page === open.page && wanted.key === open.key) return;
    open = wanted;
    turn += 1;
    const own = turn;
    leave();
    leave = () => {};
    delete document.documentElement.dataset.ready;
    render(bar(wanted.page), top);
    render(nothing, view);
    view.scrollTop = 0;
    try {
      const stop = await PAGES[wanted.page](view, wanted.key, () => own === turn);
      if (own === turn) leave = stop;
      else stop();
    } catch (error) {
      if (own !== turn) return;
      if (error.status === 401) login(view, () => { open = { page: null, key: null }; show(); });
      else failed(view, error);
      if (error.status === undefined) console.error(error);
    }
    if (own === turn) document.documentElement.dataset.ready = wanted.page;
  };
  window.addEventListener("hashchange", show);
  show();
}

start(document.getElementById("app"));
