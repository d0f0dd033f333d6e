// A field with a list of choices.
import { html } from "../vendor/lit-html.js";
import { plainLine } from "../text.js";

/** The field *name* with *choices*, as [value, text], of which *chosen* is selected; *choose* is called with another. */
export function choiceField(name, label, chosen, choices, choose) {
  const option = ([value, text]) => html`<option value=${value} .selected=${value === chosen}>${plainLine(text)}</option>`;
  return html`<label class="field">${label} <select name=${name}
    @change=${(event) => choose(event.target.value)}>${choices.map(option)}</select></label>`;
}
