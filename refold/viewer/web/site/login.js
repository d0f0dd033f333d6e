// The login form of a server that has a token.
import { html, render, nothing } from "../vendor/lit-html.js";
import { visibleText } from "../text.js";
import { logIn } from "./api.js";
import { refusalOf } from "./refusal.js";

/** Shows the login form in *root*; calls *again* once the server has accepted the token. */
export function askToken(root, again) {
  const draw = (wrong) => render(html`<main class="login"><h1>Log in</h1>
    <p class="dim">This server asks for its token; it is kept as a cookie of this browser.</p>
    <form @submit=${enter}><input type="text" autocomplete="username" value="refold" hidden>
    <label>Token <input type="password" name="token" autocomplete="current-password" required></label>
    <button>Log in</button></form>${wrong ? html`<p class="bad" role="alert">${visibleText(wrong)}</p>` : nothing}</main>`, root);
  const enter = async (event) => {
    event.preventDefault();
    const wrong = await refusalOf(() => logIn(event.target.elements.token.value));
    if (wrong) draw(wrong);
    else again();
  };
  draw(null);
  root.querySelector("[name=token]").focus();
}
