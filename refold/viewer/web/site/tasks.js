// The tasks and agents that a server offers, as options of a select.
import { html, nothing } from "../vendor/lit-html.js";
import { plainLine } from "../text.js";

function option(value, text, chosen) {
  return html`<option value=${value} .selected=${value === chosen}>${plainLine(text)}</option>`;
}

/** What tasks and agents call the family of an episode: with its rules where they are not the first. */
export function titleOf({ family, rules }) {
  return rules === 1 ? family : `${family}@${rules}`;
}

/** Those of *agents* that play *family*, in the order given. */
export function agentsOf(agents, family) {
  return agents.filter((each) => each.families.includes(family));
}

/** The tasks by family, in the order given. */
function byFamily(tasks) {
  const groups = new Map();
  for (const each of tasks) groups.set(each.family, [...groups.get(each.family) ?? [], each]);
  return [...groups];
}

/** The options of a select of tasks, grouped by family. */
export function taskOptions(tasks, chosen) {
  return byFamily(tasks).map(([family, group]) => html`<optgroup label=${plainLine(family)}>
    ${group.map((each) => option(each.task_id, each.task_id, chosen))}</optgroup>`);
}

/** A select for a family, a scenario or all; *names* adds scenarios that are not tasks here. */
export function scenarioFilter(tasks, chosen, change, names = []) {
  const known = new Set(tasks.flatMap((each) => [each.family, each.task_id]));
  const others = [...new Set([...names, chosen])].filter((each) => each && !known.has(each)).sort();
  return html`<label class="field">Scenario <select name="scenario" @change=${(event) => change(event.target.value)}>
    ${option("", "all", chosen)}
    ${byFamily(tasks).map(([family, group]) => html`<optgroup label=${plainLine(family)}>
      ${option(family, `${family}: all`, chosen)}${group.map((each) => option(each.task_id, each.task_id, chosen))}</optgroup>`)}
    ${others.length ? html`<optgroup label="others">${others.map((each) => option(each, each, chosen))}</optgroup>` : nothing}
  </select></label>`;
}
