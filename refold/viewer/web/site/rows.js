// Episodes as rows of a table: the columns and their cells.
import { html, nothing } from "../vendor/lit-html.js";
import { inlineGlyph } from "../icons.js";
import { plainLine, breakableName, visibleText, signedNumber, toneClass } from "../text.js";
import { scoreBar, rewardSpark } from "./marks.js";

const RANDOM = /^[0-9a-f]{16}$/;
const SHORT = 8;
const LONGEST = 24;
const END = 11;
const SECOND = 1000;
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
const MONTH = 30 * 86400;
const COST_DIGITS = 4;
const STATES = { terminated: ["done", "ended"], truncated: ["gone", "truncated"], null: ["run", "unfinished"] };

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** A short form of an id: 8 letters of a random one, up to 24 with both ends of any other. */
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
function episodeLink(id) {
  return html`<a href=${addressOf(id)} title=${plainLine(id)}>${visibleText(shortId(id))}</a>`;
}

/** How long ago a time was, in one unit; the date after more than a month. */
function timeAgo(text) {
  const seconds = (Date.now() - Date.parse(text)) / SECOND;
  if (Number.isNaN(seconds) || seconds > MONTH) return text.slice(0, 10);
  const [size, unit] = UNITS.find(([each]) => seconds >= each) ?? [1, ""];
  return unit ? `${Math.floor(seconds / size)} ${unit}` : "now";
}

/** When something began: how long ago, with the exact time in its title. */
export function beganCell({ started_at: text }) {
  const exact = Number.isNaN(Date.parse(text)) ? text : new Date(text).toLocaleString();
  return html`<time datetime=${plainLine(text)} title=${plainLine(exact)}>${visibleText(timeAgo(text))}</time>`;
}

function stateCell({ ended, reason }) {
  const [kind, word] = STATES[ended];
  return html`<span class="state ${kind}" title=${reason ? plainLine(reason) : nothing}>${inlineGlyph(kind)} ${word}</span>`;
}

function rewardCell({ total }) {
  return html`<span class=${toneClass(total)}>${signedNumber(total)}</span>`;
}

function forkLink({ parent, fork_at: at }) {
  if (parent === null) return nothing;
  const told = `left ${plainLine(parent)} after step ${at}`;
  return html` <a class="fork" href=${addressOf(parent, at)} title=${told}>fork@${at}</a>`;
}

function verdictCell({ id, verdict, hits }) {
  const hit = (each) => html`<li><a href=${addressOf(id, each.step)}>step ${each.step} ${visibleText(each.kind)}</a> ${visibleText(each.text)}</li>`;
  return html`${verdict ? visibleText(verdict) : nothing}${hits?.length ? html`<ul class="hits">${hits.map(hit)}</ul>` : nothing}`;
}

function tokensCell({ input_tokens: read, output_tokens: written }) {
  if (read === null) return nothing;
  return html`<span title="${read} read, ${written} written">${compact.format(read + written)}</span>`;
}

/** The columns: title, cell, what the server sorts by (`sort`), and whether the highest comes first (`falls`). */
export const COLUMNS = {
  episode: { title: "episode", cell: (row) => html`${episodeLink(row.id)}${forkLink(row)}` },
  scenario: { title: "scenario", cell: (row) => breakableName(row.scenario), sort: "scenario" },
  agent: { title: "agent", cell: (row) => breakableName(row.agent), sort: "agent" },
  run: { title: "run", cell: (row) => (row.run ? breakableName(row.run) : nothing), sort: "run" },
  verdict: { title: "verdict", cell: verdictCell },
  score: { title: "score", cell: (row) => scoreBar(row.score), sort: "score", falls: true },
  reward: { title: "reward", cell: rewardCell, sort: "reward", falls: true },
  rewards: { title: "rewards", cell: (row) => rewardSpark(row.rewards, row.steps) },
  steps: { title: "steps", cell: (row) => row.steps, sort: "steps", falls: true },
  tokens: { title: "tokens", cell: tokensCell, sort: "tokens", falls: true },
  cost: { title: "cost", cell: ({ cost }) => (cost === null ? nothing : `$${cost.toFixed(COST_DIGITS)}`), sort: "cost", falls: true },
  state: { title: "state", cell: stateCell },
  newest: { title: "began", cell: beganCell, sort: "began", falls: true },
};

/** Opens the row's episode at a click, unless that hit a control or ended a selection of text. */
function openEpisode(event) {
  if (event.target.closest("a, button, input, label") || String(getSelection())) return;
  event.target.closest("tr")?.querySelector("th a").click();
}

function tableCell(key, row) {
  const content = COLUMNS[key].cell(row);
  if (key === "episode") return html`<th scope="row" class="col-${key}">${content}</th>`;
  return html`<td class="col-${key}">${content}</td>`;
}

function plainHead(key) {
  return html`<th scope="col" class="col-${key}">${COLUMNS[key].title}</th>`;
}

/** Episodes as a table; *head* draws a column's head, *lead* an extra cell before each row. */
export function episodeTable(rows, keys, caption, { head = plainHead, lead = null } = {}) {
  return html`<table class="list"><caption class="hidden">${caption}</caption>
    <thead><tr>${lead ? html`<th scope="col" class="col-lead">${lead(null)}</th>` : nothing}${keys.map(head)}</tr></thead>
    <tbody @click=${openEpisode}>${rows.map((row) => html`<tr data-id=${row.id}>
    ${lead ? html`<td class="col-lead">${lead(row)}</td>` : nothing}${keys.map((key) => tableCell(key, row))}</tr>`)}</tbody></table>`;
}
