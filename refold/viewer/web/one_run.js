// The page of a run: how far it is, figures, scores, what was lost, what went wrong, the commands that print it.
import { html, svg, nothing } from "./vendor/lit-html.js";
import { breakableName, plainLine, visibleText } from "./text.js";
import { commandLines, counted, dollars, duration, exclusionWords, figureList, headingLine, linked, missingNotice, partBars, partHead, place, scaleLabels, scaleRules, shortId, shortName, shortScore, stackedTable, timeLeft, tokenText, worldName } from "./overview_parts.js";

const HIGH = 50;
const PITCH = 5.800;
const MOST_STACKED = 8;

function titleLine(doc, live) {
  const { agents, prompt, began, scenarios } = doc;
  const told = [agents.join(", "), counted(scenarios.length, "scenario"), prompt && `prompt ${prompt}`, began && `began ${began.slice(0, 16).replace("T", " ")} UTC`];
  return html`<div class="title"><h1>${breakableName(doc.run)}</h1><p class="dim">${visibleText(told.filter(Boolean).join(" · "))}</p>
    ${live ? html`<span class="badge">recording</span>` : nothing}</div>`;
}

function playingRow(each, links) {
  return html`<tr><td>${linked(links.episode(each.id), worldName(each.scenario, [each.seed]), plainLine(each.id))}</td>
    <td>step ${each.steps}</td><td>last: ${visibleText(each.last)}</td></tr>`;
}

/** What of a run is still to be played; nothing once all of it has ended. */
function progressPart({ progress, figures }, links, live) {
  const { episodes, ended, waiting, left, playing } = progress;
  if (ended === episodes) return nothing;
  const begun = episodes - ended - waiting;
  const pace = figures.seconds === null ? "" : ` (${ended} in ${duration(figures.seconds)})`;
  const cost = figures.cost === null ? "" : ` · ${dollars(figures.cost)} so far`;
  const time = live && left !== null ? html` · <b>${timeLeft(left)}</b>${pace}` : nothing;
  const rest = live ? nothing : html` · <span class="dim">not moving: <code>refold resume</code> plays on</span>`;
  return html`<section class="live" aria-label="Progress"><p role="status"><b>${ended} of ${counted(episodes, "episode")}</b> ended,
    ${begun} begun, ${waiting} waiting${time}${cost}${rest}</p>
    <progress max=${episodes} value=${ended} aria-label="episodes ended"></progress>
    ${playing.length ? html`<table class="playing"><caption class="hidden">Episodes that are played</caption><tbody>${playing.map((each) => playingRow(each, links))}</tbody></table>` : nothing}</section>`;
}

function meanFigure({ progress, figures }) {
  const { mean, low, high, claim } = figures;
  const soFar = progress.ended < progress.episodes ? " so far" : "";
  const range = low === null ? "" : `95 % ${shortScore(low)} to ${shortScore(high)}`;
  return html`<b>${shortScore(mean)}</b> <span class="dim" title=${claim === null ? nothing : `for ${claim}`}>${range}${soFar}</span>`;
}

function figuresPart(doc) {
  const { figures } = doc;
  const excluded = exclusionWords(figures.exclusions);
  const each = figures.cost !== null && figures.counted ? html` <span class="dim">${dollars(figures.cost / figures.counted)} an episode</span>` : nothing;
  return figureList([
    [doc.scenarios.length > 1 ? "mean of scenarios" : "mean score", meanFigure(doc), "large"],
    [`passed, ${doc.pass_at} or more`, `${figures.passed} of ${figures.counted}`],
    ["tokens in · out", figures.input === null ? null : tokenText(figures.input, figures.output, figures.unmetered)],
    ["cost", figures.cost === null ? null : html`${figures.unmetered ? "≥ " : ""}${dollars(figures.cost)}${each}`],
    ["API retries", figures.retries],
    ["not counted", excluded ? html`<span class="bad">${excluded}</span>` : "0"],
    ["time", figures.seconds === null ? null : duration(figures.seconds)],
  ]);
}

function dotColumn([score, times, passed]) {
  const shown = Math.min(times, MOST_STACKED);
  return svg`${Array.from({ length: shown }, (_, at) => svg`<circle class=${passed ? "good" : "bad"} cx=${place(score)} cy=${HIGH - 5 - at * PITCH} r="2.800" />`)}
    ${times > shown ? svg`<text x=${place(score)} y=${HIGH - 6} dx="6">${times}</text>` : nothing}`;
}

/** The scores of a scenario: a dot for each episode, equal ones stacked, and the mean as a rule. */
function dotsCell(each, passAt) {
  if (each.mean === null) return html`<span class="dim">no episode counts</span>`;
  const [lowest, highest] = [each.dots[0][0], each.dots.at(-1)[0]];
  const told = `${counted(each.counted, "episode")} from ${lowest.toFixed(2)} to ${highest.toFixed(2)}, mean ${shortScore(each.mean)}`;
  return html`<svg class="dots" role="img" aria-label=${told} height=${HIGH}>${scaleRules(passAt, HIGH)}
    <line class="mean" x1=${place(each.mean)} x2=${place(each.mean)} y1="0" y2=${HIGH} />${each.dots.map(dotColumn)}</svg>`;
}

function scoresPart(doc, links) {
  const row = (each) => html`<tr><th scope="row">${linked(links.failed(doc.run, each.scenario, null), html`<b>${shortName(each.name)}</b>`)}</th>
    <td class="num" data-l="n">${each.counted}</td><td class="num" data-l="mean"><b>${shortScore(each.mean)}</b></td><td class="axis">${dotsCell(each, doc.pass_at)}</td>
    <td class="num" data-l="passed">${each.passed}</td><td class="num" data-l="steps">${each.steps === null ? "–" : each.steps.toFixed(1)}</td></tr>`;
  const heads = [["", "scenario"], ["num", "n"], ["num", "mean"], ["axis", scaleLabels(doc.pass_at)], ["num", "passed"], ["num", "steps"]];
  return html`<section>${partHead("Scores", "by scenario, each dot an episode; the line is the mean, dashed the pass mark")}
    ${stackedTable("Scores by scenario", heads, doc.scenarios.map(row))}</section>`;
}

function lossesPart(doc) {
  if (!doc.lost.length) return nothing;
  return html`<section>${partHead("Lost on average", "by part of the grade")}${partBars(doc.lost, false)}</section>`;
}

function reasonRow(doc, each, links) {
  const seen = each.see.map(({ id, seed }) => html`${linked(links.episode(id), seed, plainLine(shortId(id)))} `);
  const rest = each.episodes - each.see.length;
  const more = rest ? linked(links.failed(doc.run, each.scenario, doc.pass_at), `${rest} more`) : nothing;
  return html`<tr><td class="num" data-l="episodes">${each.episodes}</td><th scope="row"><b>${shortName(each.scenario)}</b></th>
    <td class="words">${each.sentence ? visibleText(each.sentence) : html`<span class="dim">not judged</span>`}</td>
    <td class="num" data-l="mean">${shortScore(each.mean)}</td><td class="see" data-l="seeds">${seen}${more}</td></tr>`;
}

function reasonsPart(doc, links) {
  if (!doc.reasons.length) return nothing;
  const heads = [["num", "episodes"], ["", "scenario"], ["words", "what happened"], ["num", "mean"], ["see", "see seed"]];
  return html`<section>${partHead("What went wrong", `episodes below ${doc.pass_at} with the same reason together, costliest first`)}
    ${stackedTable("What went wrong", heads, doc.reasons.map((each) => reasonRow(doc, each, links)))}
    ${doc.other_reasons ? html`<p class="dim">and ${counted(doc.other_reasons, "episode")} for other reasons</p>` : nothing}</section>`;
}

function worstRow(each, links, costs) {
  const world = worldName(each.scenario, each.seeds, each.alike + 1 - each.seeds.length);
  return html`<tr><td class="num bad" data-l="score"><b>${shortScore(each.score)}</b></td><th scope="row">${linked(links.episode(each.id), world, plainLine(shortId(each.id)))}</th>
    <td class="words">${each.verdict ? visibleText(each.verdict) : html`<span class="dim">not judged</span>`}</td><td class="num" data-l="steps">${each.steps}</td>
    ${costs ? html`<td class="num" data-l="cost">${dollars(each.cost)}</td>` : nothing}</tr>`;
}

function worstPart(doc, links) {
  if (!doc.worst.length) return nothing;
  const costs = doc.worst.some(({ cost }) => cost !== null);
  const heads = [["num", "score"], ["", "episode"], ["words", "verdict"], ["num", "steps"], ...(costs ? [["num", "cost"]] : [])];
  return html`<section>${partHead("Worst episodes", "equal ones together")}${stackedTable("Worst episodes", heads, doc.worst.map((each) => worstRow(each, links, costs)))}</section>`;
}

function methodLine({ figures }) {
  if (figures.claim === null) return nothing;
  return html`<p class="dim">95 %: Gaffke’s interval, for ${figures.claim}.</p>`;
}

/** The page of the run *doc*. */
export function drawRun(doc, links, live) {
  return html`<main class="page overview">${titleLine(doc, live)}${progressPart(doc, links, live)}${headingLine(doc)}${missingNotice(doc.missing)}${figuresPart(doc)}
    <div class="beside">${scoresPart(doc, links)}${lossesPart(doc)}</div>${reasonsPart(doc, links)}${worstPart(doc, links)}
    ${methodLine(doc)}${commandLines(doc.commands)}</main>`;
}
