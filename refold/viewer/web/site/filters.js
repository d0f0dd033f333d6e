// What narrows and sorts the list of episodes: in the address, as fields, and as chips.
import { html, nothing } from "../vendor/lit-html.js";
import { readAddress, writeAddress } from "../address.js";
import { plainLine, visibleText } from "../text.js";
import { choiceField } from "./choice_field.js";
import { COLUMNS } from "./rows.js";
import { scenarioFilter } from "./tasks.js";

const NEWEST = "newest";
const TYPING_PAUSE = 250;
const ENDINGS = [["terminated", "finished"], ["truncated", "cut off"], ["unfinished", "unfinished"], ["not-counted", "not counted"]];
const LABELS = { text: "search", scenario: "scenario", run: "run", agent: "agent", below: "score below", ended: "ended", error: "error", by: "graded by" };
const WIDE = matchMedia("(min-width: 820px)");

/** The values of all filters before anything is chosen. */
export const FILTERS = { ...Object.fromEntries(Object.keys(LABELS).map((key) => [key, ""])), sort: NEWEST };

/** The filters in the address. */
export function readFilters() {
  const given = readAddress();
  return Object.fromEntries(Object.entries(FILTERS).map(([key, usual]) => [key, given.get(key) ?? usual]));
}

/** Puts *filters* into the address. */
export function writeFilters(filters) {
  const given = Object.entries(filters).filter(([key, value]) => value !== FILTERS[key]);
  writeAddress([["page", "episodes"], ...given]);
}

/** The column to sort by, and whether in the opposite of its usual direction. */
export function sortOrder({ sort }) {
  const key = sort.replace(/^-/, "");
  return COLUMNS[key]?.sort ? { key, turned: sort.startsWith("-") } : { key: NEWEST, turned: false };
}

/** Whether the highest comes first in the order that *filters* ask for. */
export function isFalling(filters) {
  const { key, turned } = sortOrder(filters);
  return (COLUMNS[key].falls ?? false) !== turned;
}

/** What the server is asked for. */
export function queryOf(filters) {
  const given = Object.keys(LABELS).map((key) => [key, filters[key].trim()]);
  return { ...Object.fromEntries(given), sort: `${isFalling(filters) ? "-" : ""}${COLUMNS[sortOrder(filters).key].sort}` };
}

function active(filters) {
  return Object.keys(LABELS).filter((key) => filters[key].trim());
}

/** Whether *filters* leave any episode out. */
export function narrows(filters) {
  return active(filters).length > 0;
}

/** The names under *key* of the episodes loaded so far. */
function loadedNames(s, key) {
  return [...new Set(s.listing.rows.map((row) => row[key]))].filter(Boolean).sort();
}

function textFilter(s, key, label) {
  const names = loadedNames(s, key).filter((each) => plainLine(each) === each);
  const change = (event) => s.change({ [key]: event.target.value });
  const input = (event) => {
    if (!event.target.value || names.includes(event.target.value)) change(event);
  };
  return html`<label class="field">${label} <input type="search" name=${key} maxlength="255" placeholder="all"
    autocomplete="off" list="all-${key}" .value=${s.filters[key]} @input=${input} @change=${change}></label>
    <datalist id="all-${key}">${names.map((each) => html`<option value=${each}></option>`)}</datalist>`;
}

function choiceFilter(s, key, label, choices, none = "all") {
  const known = choices.some(([value]) => value === s.filters[key]) || !s.filters[key];
  const all = [["", none], ...choices, ...(known ? [] : [[s.filters[key], s.filters[key]]])];
  return choiceField(key, label, s.filters[key], all, (value) => s.change({ [key]: value }));
}

function scoreFilter(s) {
  return html`<label class="field narrow">Score below <input type="number" name="below" min="0" max="1" step="any" placeholder="any"
    .value=${s.filters.below} @change=${(event) => s.change({ below: event.target.value })}></label>`;
}

function searchFilter(s) {
  const change = (event) => s.change({ text: event.target.value });
  const input = (event) => {
    clearTimeout(s.typing);
    s.typing = setTimeout(() => change(event), TYPING_PAUSE);
  };
  return html`<label class="field wide">Search <input type="search" name="text" maxlength="255" autocomplete="off"
    placeholder="all messages, ids, names" .value=${s.filters.text} @input=${input}></label>`;
}

/** The fields; on a phone all but the search are folded away. */
export function filterForm(s) {
  const [errors, graders] = [s.listing.errors, s.listing.graders].map((names) => names.map((each) => [each, each]));
  return html`<form class="filters" role="search" aria-label="Episodes" @submit=${(event) => event.preventDefault()}>
    ${searchFilter(s)}<details class="fold" ?open=${WIDE.matches}><summary>Filters</summary><div class="narrowing">
    ${scenarioFilter(s.tasks, s.filters.scenario, (scenario) => s.change({ scenario }), loadedNames(s, "scenario"))}
    ${textFilter(s, "run", "Run")}${textFilter(s, "agent", "Agent")}${scoreFilter(s)}
    ${choiceFilter(s, "ended", "Ended", ENDINGS)}
    ${errors.length || s.filters.error ? choiceFilter(s, "error", "Error", errors) : nothing}
    ${graders.length || s.filters.by ? choiceFilter(s, "by", "Graded by", graders, "the recorded rubrics") : nothing}</div></details></form>`;
}

/** The filters that are on, each a button that takes it off. */
export function filterChips(s) {
  const chip = (key) => {
    const value = Object.fromEntries(ENDINGS)[s.filters[key]] ?? s.filters[key];
    return html`<button type="button" class="on" title="remove" @click=${() => s.change({ [key]: "" })}>${LABELS[key]}:
      ${visibleText(value)} <span aria-hidden="true">✕</span><span class="hidden">, remove</span></button>`;
  };
  const on = active(s.filters);
  if (!on.length) return nothing;
  const clear = () => s.change({ ...FILTERS, sort: s.filters.sort });
  return html`<p class="chips">${on.map(chip)} <button type="button" @click=${clear}>Clear filters</button></p>`;
}
