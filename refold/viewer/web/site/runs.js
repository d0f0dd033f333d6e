// The runs of the log, newest first: scores with intervals, tokens, cost, failures; up to six ticked to be compared.
import { html, render, nothing } from "../vendor/lit-html.js";
import { plainLine, compactNumber, visibleText } from "../text.js";
import { counted, dollars, exclusionWords, meanWhisker, scaleLabels, shortName, shortScore, stackedTable, timeLeft } from "../overview_parts.js";
import { get, repeat } from "./api.js";
import { drawInPlace } from "./in_place.js";
import { leftOutNotice } from "./left_out.js";
import { refusalOf } from "./refusal.js";
import { beganCell } from "./rows.js";

const REFRESH_INTERVAL = 3000;
const MISSING_INTERVAL = 300;
const MOST = 6;
const MOST_LETTERS = 60;
const NAMES = 2;
const MOVING = 120000;

/** The address of the page of a run, or of several compared. */
export function addressOfRuns(names) {
  return `#${new URLSearchParams([["page", "runs"], ...names.map((name) => ["run", name])])}`;
}

/** Scenarios in few words: one or two by name, more by family and number. */
function scenarioWords(scenarios) {
  if (scenarios.length <= NAMES) return scenarios.join(", ");
  const families = [...new Set(scenarios.map((each) => each.split("/")[0]))];
  return families.map((family) => `${family}, ${counted(scenarios.filter((each) => each.split("/")[0] === family).length, "scenario")}`).join("; ");
}

function episodesCell(row, moving) {
  if (row.ended === row.episodes) return row.episodes;
  const rest = !moving ? "not moving" : row.left === null ? "recording" : timeLeft(row.left);
  return html`<b>${row.ended} of ${row.episodes}</b><progress max=${row.episodes} value=${row.ended} aria-label="episodes ended"></progress>${rest}`;
}

function failuresCell({ exclusions, retries }) {
  const excluded = exclusionWords(exclusions);
  if (!excluded && !retries) return html`<span class="dim">none</span>`;
  return html`${excluded ? html`<span class="bad">✕ ${excluded}</span>` : nothing}${excluded && retries ? ", " : nothing}${retries ? `${retries} ${retries === 1 ? "retry" : "retries"}` : nothing}`;
}

function runRow(s, row) {
  const moving = s.moving(row);
  const ticked = s.ticks.includes(row.run);
  const tokens = row.input_tokens + row.output_tokens;
  const least = row.unmetered ? "≥ " : "";
  const dash = html`<span class="dim">–</span>`;
  const waiting = row.graded ? shortScore(row.mean) : html`<span class="dim">grading…</span>`;
  return html`<tr class=${moving ? "live" : ""} data-id=${row.run}>
    <td class="lead"><label class="tick"><input type="checkbox" aria-label="compare ${plainLine(row.run)}" .checked=${ticked} ?disabled=${!ticked && s.ticks.length >= MOST} @change=${() => s.tick(row.run)}></label></td>
    <th scope="row"><a href=${addressOfRuns([row.run])}><b>${shortName(row.run)}</b></a></th>
    <td class="agents">${shortName(row.agents.join(", "))}</td><td class="scenarios" title=${plainLine(row.scenarios.join(", "))}>${shortName(scenarioWords(row.scenarios), MOST_LETTERS)}</td>
    <td class="num" data-l="episodes">${episodesCell(row, moving)}</td><td class="num" data-l="mean"><b>${waiting}</b></td><td class="axis">${row.graded ? meanWhisker(row, s.passAt) : nothing}</td>
    <td class="num" data-l="passed">${row.counted ? `${row.passed} of ${row.counted}` : dash}</td><td class="num" data-l="tokens">${tokens ? `${least}${compactNumber(tokens)}` : dash}</td>
    <td class="num" data-l="cost">${row.cost === null ? dash : `${least}${dollars(row.cost)}`}</td><td class="num" data-l="failures">${failuresCell(row)}</td><td class="num" data-l="began">${beganCell({ started_at: row.began })}</td></tr>`;
}

function comparePanel(s) {
  const { ticks } = s;
  return html`<div class="picks ${ticks.length ? "some" : ""}"><p role="status">${ticks.map((name, at) => html`${at ? ", " : nothing}${visibleText(name)}`)}
    ${ticks.length === 1 ? html`<span class="dim">tick another to compare</span>` : nothing}</p>
    ${ticks.length > 1 ? html`<a class="button" href=${addressOfRuns(ticks)}>Compare ${ticks.length} runs</a>` : nothing}
    ${ticks.length ? html`<button type="button" @click=${() => s.set({ ticks: [] })}>Clear</button>` : nothing}</div>`;
}

function runsTable(s) {
  const heads = [["lead", html`<span class="hidden">compare</span>`], ["", "run"], ["", "agent"], ["", "scenarios"], ["num", "episodes"], ["num", "mean"], ["axis", scaleLabels(s.passAt)], ...["passed", "tokens", "cost", "failures", "began"].map((each) => ["num", each])];
  return stackedTable("Runs", heads, s.shown.map((row) => runRow(s, row)));
}

function emptyList() {
  return html`<div class="none"><p>No runs yet.</p><p class="dim">A run is what one call of <code>refold record</code> plays:</p>
    <pre class="text">refold record workflow --agent greedy --epochs 5 --log LOG</pre></div>`;
}

function renderPage(s) {
  const rest = s.rows.length - s.shown.length;
  return html`<main class="page runs"><div class="title"><h1>Runs</h1><p class="dim"><span role="status">${counted(s.rows.length, "run")}</span>, newest first · lines: 95 % interval of the mean,
    for other scenarios of the kind, of a single scenario for other seeds; a ring: one episode a scenario, no interval · passed: ${s.passAt} or more</p></div>
    ${s.wrong ? html`<p class="bad" role="alert">${visibleText(s.wrong)}</p>` : nothing}${leftOutNotice(s.leftOut)}
    ${s.rows.length ? runsTable(s) : s.wrong ? nothing : emptyList()}
    ${rest > 0 ? html`<p class="more"><button type="button" @click=${s.more}>More runs</button></p>` : nothing}${comparePanel(s)}</main>`;
}

const PAGE_SIZE = 100;

function initialState() {
  const s = { rows: [], most: PAGE_SIZE, passAt: 0, leftOut: [], ticks: [], wrong: null, moved: new Map(), draw: () => {} };
  Object.defineProperty(s, "shown", { get: () => s.rows.slice(0, s.most) });
  s.set = (changes) => { Object.assign(s, changes); s.draw(); };
  s.more = () => s.set({ most: s.most + PAGE_SIZE });
  s.tick = (name) => s.set({ ticks: s.ticks.includes(name) ? s.ticks.filter((each) => each !== name) : [...s.ticks, name] });
  // Nobody tells that a recorder has gone: a run moves if an episode went on a moment ago.
  s.moving = ({ run, ended, episodes }) => ended < episodes && Date.now() - (s.moved.get(run)?.at ?? 0) < MOVING;
  s.take = ({ runs, pass_at: passAt, left_out: leftOut = [] }) => {
    for (const { run, ended, moved, last, began } of runs) {
      const state = `${ended} ${moved}`;
      const known = s.moved.get(run);
      if (known?.state !== state) s.moved.set(run, { state, at: known ? Date.now() : Date.parse(last || began) });
    }
    s.set({ rows: runs, passAt, leftOut });
  };
  return s;
}

/** What is ticked, when the user last left the list. */
let ticksAsLeft = [];

/** Shows the runs. */
export async function showRuns(root, key, alive) {
  const s = initialState();
  s.ticks = ticksAsLeft;
  s.take(await get("runs"));
  if (!alive()) return () => {};
  document.title = "Runs · refold";
  const draw = () => { if (alive()) render(renderPage(s), root); };
  s.draw = () => { if (alive()) drawInPlace(root, draw); };
  draw();
  const refresh = async () => {
    const wrong = await refusalOf(async () => s.take(await get("runs")));
    s.set({ wrong });
  };
  const stop = repeat(REFRESH_INTERVAL, refresh);
  // Each request grades some more.
  const stopGrading = repeat(MISSING_INTERVAL, async () => {
    if (s.rows.every(({ graded }) => graded)) stopGrading();
    else await refresh();
  });
  return () => {
    ticksAsLeft = s.ticks;
    stop();
    stopGrading();
  };
}
