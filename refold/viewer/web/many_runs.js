// Three runs and more compared: a matrix of scores, each against each, score against cost, where they differ most.
import { html, svg, nothing } from "./vendor/lit-html.js";
import { plainLine, visibleText } from "./text.js";
import { commandLines, costPlot, counted, dollars, headingLine, linked, missingNotice, partHead, place, scaleLabels, scaleRules, seriesMark, seriesSign, shortLine, shortName, shortScore, signedScore, stackedTable, worldName } from "./overview_parts.js";

const PITCH = 15;
const MOST_LETTERS = 20;

function titlePart(doc) {
  const aside = doc.left_aside ? `; left out: ${doc.left_aside} that not every run has` : "";
  return html`<div class="title"><h1>${doc.columns.length} ${new Set(doc.columns.map(({ run }) => run)).size === doc.columns.length ? "runs" : "agents"} compared</h1>
    <p class="dim">${counted(doc.scenarios.length, "scenario")}, ${counted(doc.worlds, "pair")} of scenario and seed, each played by all${aside}</p></div>`;
}

function verdictPart(doc) {
  return html`<section class="banner outcome" aria-label="Verdict"><p class="size"><b>${shortScore(doc.columns[0].mean)}</b><span>best mean</span></p>
    <div><p><b>${visibleText(doc.headline)}</b></p><p class="dim">p is of a sign-flip test on these scenarios, adjusted for all ${doc.leads.length} pairs of runs (Holm).</p></div></section>`;
}

/** A mark at a share of the drawing's width: its own place is in pixels, so the percentage moves a nested drawing. */
function markAt(number, score, y, kind) {
  return svg`<svg x=${place(score)} y=${y} overflow="visible">${seriesMark(number, 0, 0, kind)}</svg>`;
}

function spreadCell(doc, at) {
  const high = doc.columns.length * PITCH + 4;
  const row = (column, number) => {
    const y = 10 + number * PITCH;
    return svg`${column.dots[at].map(([score]) => markAt(number, score, y, "faint"))}
      <line class="series s${number} mean" x1=${place(column.means[at])} x2=${place(column.means[at])} y1=${y - 7} y2=${y + 7} />`;
  };
  const told = doc.columns.map(({ name, means }) => `${plainLine(name)} ${shortScore(means[at])}`).join(", ");
  return html`<svg class="dots" role="img" aria-label=${told} height=${high}>${scaleRules(doc.pass_at, high)}${doc.columns.map(row)}</svg>`;
}

function columnHead(column, number, links) {
  return html`${seriesSign(number)} ${linked(links.run(column.run), shortName(column.name, MOST_LETTERS))}`;
}

function matrixPart(doc, links) {
  const row = (name, at) => {
    const best = Math.max(...doc.columns.map(({ means }) => means[at]));
    const cell = ({ name: run, means }) => html`<td class="num" data-l=${shortLine(run, MOST_LETTERS)}>${means[at] === best ? html`<b>${shortScore(means[at])}</b>` : shortScore(means[at])}</td>`;
    return html`<tr><th scope="row"><b>${shortName(name)}</b></th>${doc.columns.map(cell)}<td class="axis">${spreadCell(doc, at)}</td></tr>`;
  };
  const last = (title, value) => html`<tr class="sums"><th scope="row"><b>${title}</b></th>${doc.columns.map((column) => html`<td class="num" data-l=${shortLine(column.name, MOST_LETTERS)}>${value(column)}</td>`)}<td></td></tr>`;
  const rows = [
    ...doc.scenarios.map(row), last("mean", ({ mean }) => html`<b>${shortScore(mean)}</b>`),
    last("passed", ({ passed, counted: all }) => `${passed} of ${all}`), last("cost of the run", ({ figures }) => dollars(figures.cost)),
  ];
  const heads = [["", "scenario"], ...doc.columns.map((column, number) => ["num", columnHead(column, number, links)]), ["axis", scaleLabels(doc.pass_at)]];
  return html`<section>${partHead("Scores", "by scenario, best run first; the line is the mean")}${stackedTable("Scores by scenario and run", heads, rows)}</section>`;
}

function leadOf(doc, row, column) {
  const found = doc.leads.find(({ ahead, behind }) => [ahead, behind].includes(row.name) && [ahead, behind].includes(column.name));
  return { ...found, difference: found.ahead === row.name ? found.difference : -found.difference };
}

function leadCell(doc, row, column, links) {
  if (row === column) return html`<td class="num"><span aria-hidden="true">·</span></td>`;
  const lead = leadOf(doc, row, column);
  const kind = !lead.clear ? "" : lead.difference > 0 ? "good" : "bad";
  const value = html`<span class=${kind}>${signedScore(lead.difference)}</span>`;
  const shown = row.run === column.run ? value : linked(links.runs([column.run, row.run]), value);
  return html`<td class="num" title="p ${lead.p.toPrecision(2)}" data-l=${shortLine(column.name, MOST_LETTERS)}>${shown}${lead.clear ? nothing : html` <span title="cannot be told">?</span>`}</td>`;
}

function eachPart(doc, links) {
  const heads = doc.columns.map((column, number) => html`<th scope="col" class="num" title=${plainLine(column.name)}>${seriesSign(number)}<span class="hidden">${shortName(column.name, MOST_LETTERS)}</span></th>`);
  const row = (each, number) => html`<tr><th scope="row">${seriesSign(number)} ${shortName(each.name, MOST_LETTERS)}</th>${doc.columns.map((column) => leadCell(doc, each, column, links))}</tr>`;
  return html`<section>${partHead("Each against each", "row minus column")}<div class="wide" tabindex="0" role="region" aria-label="Each against each"><table class="each"><caption class="hidden">Differences of the means</caption>
    <thead><tr><td></td>${heads}</tr></thead><tbody>${doc.columns.map(row)}</tbody></table></div><p class="dim">? it cannot be told which is better</p></section>`;
}

function apartRow(doc, each, links) {
  const [low, high] = each.columns;
  const cell = ({ name }, at) => html`<td class="num" data-l=${shortLine(name, MOST_LETTERS)}>${at === low ? linked(links.episode(each.episodes[0]), shortScore(each.scores[at]), plainLine(each.episodes[0]))
    : at === high ? linked(links.episode(each.episodes[1]), shortScore(each.scores[at]), plainLine(each.episodes[1])) : shortScore(each.scores[at])}</td>`;
  const href = links.diff(...each.episodes);
  const side = href === null ? html`<code>${visibleText(each.diff)}</code>` : html`<a href=${href}>lowest, highest</a>`;
  return html`<tr><th scope="row">${worldName(each.scenario, [each.seed], each.alike)}</th>${doc.columns.map(cell)}<td class="num" data-l="spread"><b>${shortScore(each.spread)}</b></td>
    <td class="words">${each.why ? visibleText(each.why) : html`<span class="dim">–</span>`}</td><td class="see">${side}</td></tr>`;
}

function apartPart(doc, links) {
  if (!doc.apart.length) return nothing;
  const heads = [["", "episode"], ...doc.columns.map(({ name }) => ["num", shortName(name, MOST_LETTERS)]), ["num", "spread"], ["words", "why the lowest is low"], ["see", "side by side"]];
  return html`<section>${partHead("Where they differ most", "equal ones together")}${stackedTable("Where they differ most", heads, doc.apart.map((each) => apartRow(doc, each, links)))}</section>`;
}

/** The page of three runs and more, best first. */
export function drawMany(doc, links) {
  const runs = doc.columns.map(({ name, each, mean, figures }) => ({ name, cost: each, mean, low: figures.low, high: figures.high }));
  return html`<main class="page overview">${titlePart(doc)}${verdictPart(doc)}${headingLine(doc)}${missingNotice(doc.missing)}
    <div class="beside">${matrixPart(doc, links)}<div><section>${partHead("Score against cost")}${costPlot(runs, doc.pass_at)}</section>${eachPart(doc, links)}</div></div>
    ${apartPart(doc, links)}${commandLines(doc.commands)}</main>`;
}
