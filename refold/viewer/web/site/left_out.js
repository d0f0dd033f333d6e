// What is said of episodes that cannot be read: the others are shown, these by name.
import { html, nothing } from "../vendor/lit-html.js";
import { visibleText } from "../text.js";

/** Names each of *episodes*, an iterable of what the server left out; draws nothing if there is none. */
export function leftOutNotice(episodes) {
  const lines = [...episodes].map(({ problem }) => html`<p class="bad">${visibleText(problem)}</p>`);
  return lines.length ? html`<div role="alert"><p>Left out, as they cannot be read:</p>${lines}</div>` : nothing;
}
