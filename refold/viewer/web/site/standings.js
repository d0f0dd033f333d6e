// The standings: the agents of the log ranked by mean score, and reference scores.
import { html, render, nothing } from "../vendor/lit-html.js";
import { readAddress, writeAddress } from "../address.js";
import { plainLine, breakableName, visibleText } from "../text.js";
import { get, post, withQuery } from "./api.js";
import { choiceField } from "./choice_field.js";
import { leftOutNotice } from "./left_out.js";
import { fixedScore, scoreAxis, scoreBar, meanWithInterval } from "./marks.js";
import { refusalOf } from "./refusal.js";
import { addressOf } from "./rows.js";
import { scenarioFilter } from "./tasks.js";

const DIGITS = 8;

/** The title of a table; with digests if its scenario is among the *several* that have more than one. */
function titleOf({ over, setting, scenarios }, several) {
  if (!setting) {
    return html`<h2>${breakableName(over === "all" ? "everything" : over)}</h2>
      <p class="dim">mean of the ${scenarios.length} scenario means, for agents that played all of them</p>`;
  }
  const { rubric, rules, parameters } = setting;
  const digest = (text) => html`<code>${visibleText(text.slice(0, DIGITS))}</code>`;
  const apart = several.includes(over) ? html` ${digest(rubric.digest)} · parameters ${digest(parameters)}` : nothing;
  return html`<h2>${breakableName(over)}</h2>
    <p class="dim">rules ${rules} · rubric ${breakableName(rubric.name)} v${rubric.version}${apart}</p>`;
}

function exclusionNote(place) {
  const words = Object.entries(place.exclusions).map(([reason, number]) => `${number} ${reason.replaceAll("_", " ")}`);
  return words.length ? html`<span class="remark dim">not counted: ${visibleText(words.join(", "))}</span>` : nothing;
}

function intervalText({ low, high }) {
  return html`<span class="dim">${fixedScore(low)} – ${fixedScore(high)}</span>`;
}

function bestLink(place) {
  const score = fixedScore(place.best);
  const told = `${score}, episode ${plainLine(place.episode)}`;
  return html`<a href=${addressOf(place.episode)} title=${told} aria-label=${told}>${score}</a>`;
}

function percent(share) {
  return share === null ? "–" : `${(100 * share).toFixed(1)}%`;
}

function placeRow(place, single, solved) {
  const some = place.mean !== null;
  return html`<tr><td class="rank">${place.rank ?? "–"}</td>
    <th scope="row" class="agent">${breakableName(place.agent || "–")} ${exclusionNote(place)}</th>
    <td class="mean">${some ? fixedScore(place.mean) : "–"}</td>
    <td class="axis">${some ? meanWithInterval(place.mean, place.score) : nothing}</td>
    ${single ? html`<td class="interval">${place.score ? intervalText(place.score) : nothing}</td>
      <td class="n">${place.score?.n ?? 0}</td>${solved ? html`<td class="optimum">${percent(place.optimum_share)}</td>` : nothing}<td class="best">${some ? bestLink(place) : nothing}</td>` : nothing}</tr>`;
}

function rankingTable(table, several) {
  const single = table.setting !== null;
  const solved = table.places.some((place) => place.optimum_share !== null);
  const optimum = solved ? [["optimum", "of optimum"]] : [];
  const title = ([kind, text]) => html`<th scope="col" class=${kind}>${text}</th>`;
  const picture = html`<span class="hidden">mean${single ? " and interval" : nothing}</span>${scoreAxis()}`;
  return html`<section class="ranking" data-over=${table.over}>${titleOf(table, several)}
    <table class="places" aria-label=${plainLine(table.over)}><thead><tr>
    ${[["rank", "rank"], ["agent", "agent"], ["mean", "mean"], ["axis", picture]].map(title)}
    ${single ? [["interval", "95 %"], ["n", "n"], ...optimum, ["best", "best"]].map(title) : nothing}</tr></thead>
    <tbody>${table.places.map((place) => placeRow(place, single, solved))}</tbody></table></section>`;
}

function rankingBoard(s) {
  if (s.lost) return html`<p class="bad" role="alert">${visibleText(s.lost)}</p>`;
  if (!s.board) return nothing;
  const { rankings, several, left_out: left = [] } = s.board;
  if (!rankings.length) {
    const why = s.scenario ? "No agent has played this yet." : "There are no episodes to rank yet.";
    return html`${leftOutNotice(left)}<div class="none"><p>${why}</p>
      <p class="dim"><a href="#page=start">Play one, or let an agent play</a>.</p></div>`;
  }
  const overall = rankings.filter(({ setting }) => !setting).reverse();
  const tables = [...overall, ...rankings.filter(({ setting }) => setting)];
  const names = several.map((each, place) => html`${place ? ", " : nothing}${breakableName(each)}`);
  return html`${leftOutNotice(left)}${several.length ? html`<p class="banner">${names}: recorded with several rules, parameters or rubrics.
      Each is ranked apart, and there is no table over all of them.</p>` : nothing}
    <div class="rankings">${tables.map((each) => rankingTable(each, several))}</div>
    <p class="dim">Whiskers are 95 % intervals of the mean. Forks do not count: another agent may have played their first steps.</p>`;
}

/** *drawn* as a link to the episode *id*, if that is known. */
function linkIfKnown(id, drawn) {
  return id === undefined ? drawn : html`<a href=${addressOf(id)} title=${plainLine(id)}>${drawn}</a>`;
}

function baselineRow(row, names) {
  const whole = names.every((each) => each in row.scores);
  const source = row.source === "played" ? "played now" : row.source;
  return html`<tr data-source=${row.source}>
    <th scope="row" class="agent">${breakableName(row.agent)} <span class="dim">${visibleText(source)}</span>
      ${row.remark ? html`<span class="remark dim">${visibleText(row.remark)}</span>` : nothing}</th>
    ${names.map((each) => html`<td>${linkIfKnown(row.episodes[each], scoreBar(row.scores[each]))}</td>`)}<td>${scoreBar(whole ? row.mean : null)}</td></tr>`;
}

function baselineTable(family, rows) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.scores)))];
  const title = (each) => html`<th scope="col" title=${plainLine(each)}>${breakableName(each.slice(each.indexOf("/") + 1))}</th>`;
  return html`<section class="ranking" data-family=${family}><h3>${breakableName(family)}</h3>
    <table class="references" aria-label="Reference scores, ${plainLine(family)}">
    <thead><tr><th scope="col" class="agent">agent</th>${names.map(title)}<th scope="col">mean</th></tr></thead>
    <tbody>${rows.map((row) => baselineRow(row, names))}</tbody></table></section>`;
}

function referenceTables(s) {
  const families = [...new Set(s.references.map((row) => row.family))]
    .filter((family) => !s.scenario || s.scenario === family
      || s.references.some((row) => row.family === family && Object.hasOwn(row.scores, s.scenario)));
  const withLog = () => s.compare(() => post("baseline", {}));
  return html`<div class="title"><h2>Reference scores</h2><button type="button" ?disabled=${s.busy}
      @click=${withLog}>${s.busy ? "playing…" : "With the best of this log"}</button></div>
    ${s.wrong ? html`<p class="bad" role="alert">${visibleText(s.wrong)}</p>` : nothing}
    ${families.map((family) => baselineTable(family, s.references.filter((row) => row.family === family)))}`;
}

/** The choice of who graded, where the log holds saved grades. */
function graderFilter(s) {
  const names = [...new Set([...(s.board?.graders ?? []), s.by])].filter(Boolean);
  if (!names.length) return nothing;
  return choiceField("by", "Graded by", s.by, [["", "the recorded rubrics"], ...names.map((name) => [name, name])], s.gradeBy);
}

function renderPage(s) {
  return html`<main class="page standings"><div class="title"><h1>Standings</h1>
    <form class="filters" @submit=${(event) => event.preventDefault()}>
      ${scenarioFilter(s.tasks, s.scenario, s.narrow)}${graderFilter(s)}</form></div>
    ${rankingBoard(s)}${referenceTables(s)}</main>`;
}

function readHash() {
  const address = readAddress();
  return { scenario: address.get("scenario") ?? "", by: address.get("by") ?? "" };
}

function addActions(s, alive) {
  s.follow = async () => {
    if (!alive()) return;
    const asked = readHash();
    s.set(asked);
    let board = null;
    const lost = await refusalOf(async () => { board = await get(withQuery("leaderboard", asked)); });
    if (asked.scenario === s.scenario && asked.by === s.by) s.set({ board, lost });
  };
  const go = ({ scenario, by }) => {
    writeAddress({ page: "standings", ...(scenario && { scenario }), ...(by && { by }) });
    return s.follow();
  };
  s.narrow = (scenario) => go({ scenario, by: s.by });
  s.gradeBy = (by) => go({ scenario: s.scenario, by });
  s.compare = async (ask) => {
    s.set({ busy: true });
    const wrong = await refusalOf(async () => s.set({ references: (await ask()).baselines }));
    s.set({ wrong, busy: false });
  };
}

/** Shows the rankings of the log's agents, and reference scores. */
export async function showStandings(root, key, alive) {
  const { tasks } = await get("tasks");
  if (!alive()) return () => {};
  document.title = "Standings · refold";
  const s = { tasks, scenario: "", by: "", board: null, lost: null, references: [], busy: false, wrong: null };
  s.set = (changes) => {
    Object.assign(s, changes);
    if (alive()) render(renderPage(s), root);
  };
  addActions(s, alive);
  window.addEventListener("hashchange", s.follow);
  await Promise.all([s.follow(), s.compare(() => get("baseline"))]);
  return () => window.removeEventListener("hashchange", s.follow);
}
