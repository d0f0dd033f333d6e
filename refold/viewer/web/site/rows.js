// Episodes as rows of a table: what a row tells, in which columns.
import { html, nothing } from "../vendor/lit-html.js";
import { inline } from "../icons.js";
import { flat, name, shown, signed, tone } from "../text.js";
import { scored, spark } from "./marks.js";

const RANDOM = /^[0-9a-f]{16}$/;
const SHORT = 8;
const LONGEST = 24;
const END = 11;
const SECOND = 1000;
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
const MONTH = 30 * 86400;
const STATES = { terminated: ["done", "ended"], truncated: ["gone", "truncated"], null: ["run", "unfinished"] };

/** An id in few letters: eight of a random one; of one with a meaning up to 24, both ends. */
export function shortId(id) {
  if (RANDOM.test(id)) return id.slice(0, SHORT);
  const letters = [...id];
  if (letters.length <= LONGEST) return id;
  return `${letters.slice(0, LONGEST - END - 1).join("")}…${letters.slice(-END).join("")}`;
}

/** The address of an episode, at a step if one is given. */
export function addressOf(id, step = null) {
  const at = step === null ? "" : `&step=${step}`;
  return `#episode=${encodeURIComponent(id)}${at}`;
}

/** A link to an episode, by its short id. */
function linkTo(id) {
  return html`<a href=${addressOf(id)} title=${flat(id)}>${shown(shortId(id))}</a>`;
}

/** How long ago that was, in one unit; the day if it was more than a month. */
function ago(text) {
  const seconds = (Date.now() - Date.parse(text)) / SECOND;
  if (Number.isNaN(seconds) || seconds > MONTH) return text.slice(0, 10);
  const [size, unit] = UNITS.find(([each]) => seconds >= each) ?? [1, ""];
  return unit ? `${Math.floor(seconds / size)} ${unit}` : "now";
}

function began({ started_at: text }) {
  const exact = Number.isNaN(Date.parse(text)) ? text : new Date(text).toLocaleString();
  return html`<time datetime=${flat(text)} title=${flat(exact)}>${shown(ago(text))}</time>`;
}

function state({ ended, reason }) {
  const [kind, word] = STATES[ended];
  return html`<span class="state ${kind}" title=${reason ? flat(reason) : nothing}>${inline(kind)} ${word}</span>`;
}

function reward({ total }) {
  return html`<span class=${tone(total)}>${signed(total)}</span>`;
}

function fork({ parent, fork_at: at }) {
  if (parent === null) return nothing;
  const told = `left ${flat(parent)} after step ${at}`;
  return html` <a class="fork" href=${addressOf(parent, at)} title=${told}>fork@${at}</a>`;
}

/** What columns there are: their titles and cells; and by what to sort, lowest first or highest. */
export const COLUMNS = {
  episode: { title: "episode", cell: (row) => html`${linkTo(row.id)}${fork(row)}` },
  scenario: { title: "scenario", cell: (row) => name(row.scenario), by: (row) => row.scenario },
  agent: { title: "agent", cell: (row) => name(row.agent), by: (row) => row.agent },
  run: { title: "run", cell: (row) => (row.run ? name(row.run) : nothing) },
  score: { title: "score", cell: (row) => scored(row.score), by: (row) => row.score, falls: true },
  reward: { title: "reward", cell: reward, by: (row) => row.total, falls: true },
  rewards: { title: "rewards", cell: (row) => spark(row.rewards, row.steps) },
  steps: { title: "steps", cell: (row) => row.steps, by: (row) => row.steps, falls: true },
  state: { title: "state", cell: state },
  newest: { title: "began", cell: began, by: (row) => row.place, falls: true },
};

/** A click anywhere in a row opens its episode, unless it was meant for something else. */
function open(event) {
  if (event.target.closest("a, button, input, label") || String(getSelection())) return;
  event.target.closest("tr")?.querySelector("th a").click();
}

function cell(key, row) {
  const content = COLUMNS[key].cell(row);
  if (key === "episode") return html`<th scope="row" class="col-${key}">${content}</th>`;
  return html`<td class="col-${key}">${content}</td>`;
}

function plainHead(key) {
  return html`<th scope="col" class="col-${key}">${COLUMNS[key].title}</th>`;
}

/** Episodes as a table; *head* draws the head of a column, *lead* what stands before a row, if anything. */
export function episodeTable(rows, keys, caption, { head = plainHead, lead = null } = {}) {
  return html`<table class="list"><caption class="hidden">${caption}</caption>
    <thead><tr>${lead ? html`<th scope="col" class="col-lead">${lead(null)}</th>` : nothing}${keys.map(head)}</tr></thead>
    <tbody @click=${open}>${rows.map((row) => html`<tr data-id=${row.id}>
    ${lead ? html`<td class="col-lead">${lead(row)}</td>` : nothing}${keys.map((key) => cell(key, row))}</tr>`)}</tbody></table>`;
}
