// The state as tables: what a picture shows, for reading, searching and copying.
import { html, nothing } from "./vendor/lit-html.js";
import { isObject } from "./fold.js";
import { valueCell, breakableName } from "./text.js";

function sameValue(a, b) {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function rowOf(key, value, before, picked) {
  const changed = before !== undefined && !sameValue(value, before);
  const cells = Array.isArray(value) ? value : [value];
  return html`<tr class="${changed ? "changed" : ""} ${picked ? "picked" : ""}" data-key=${key}>
    <th scope="row">${breakableName(key)}${changed ? html`<span class="hidden"> (changed)</span>` : nothing}</th>
    ${cells.map((each, place) => html`<td class=${changed && Array.isArray(before) && !sameValue(each, before[place]) ? "new" : ""}>${valueCell(each)}</td>`)}
  </tr>`;
}

function tableOf(key, group, before, columns, picked) {
  const rows = Object.entries(group);
  return html`<table class="state" data-group=${key}><caption>${breakableName(key)} <span class="dim">${rows.length}</span></caption>
    ${columns ? html`<thead><tr>${columns.map((each) => html`<th scope="col">${each}</th>`)}</tr></thead>` : nothing}
    <tbody>${rows.map(([id, value]) => rowOf(id, value, before?.[id], id === picked))}</tbody></table>`;
}

/** The *view* as tables; rows that differ from the view *before* are marked. */
export function stateTables(view, before, columns, picked = null) {
  const single = Object.entries(view).filter(([, value]) => !isObject(value));
  const groups = Object.entries(view).filter(([, value]) => isObject(value));
  return html`<table class="state" data-group=""><tbody>
    ${single.map(([key, value]) => rowOf(key, Array.isArray(value) ? [value] : value,
      Array.isArray(before?.[key]) ? [before[key]] : before?.[key], false))}</tbody></table>
    ${groups.map(([key, group]) => tableOf(key, group, before?.[key], columns[key], picked))}`;
}
