// Two runs compared: the verdict, pairs as dots, score against cost, parts, the largest moves.
import { html, svg, nothing } from "./vendor/lit-html.js";
import { inlineGlyph } from "./icons.js";
import { breakableName, plainLine, visibleText } from "./text.js";
import { commandLines, costPlot, counted, headingLine, linked, missingNotice, partBars, partHead, place, scaleLabels, scaleRules, shortName, shortScore, signedScore, stackedTable, worldName } from "./overview_parts.js";

const PITCH = 15;

function tone(value, clear = true) {
  if (!clear || value === 0) return "";
  return value > 0 ? "good" : "bad";
}

function titlePart(doc, links) {
  const [a, b] = doc.sides;
  const name = ({ run }) => linked(links.run(run), breakableName(run));
  const differs = doc.differs.map(([what, from, to], at) => html`${at ? "; " : ""}${visibleText(what)} ${visibleText(from)} → ${visibleText(to)}`);
  return html`<div class="title"><h1>${name(a)} → ${name(b)}</h1>
    <p class="dim">${doc.differs.length ? html`differs: ${differs}` : "the same agent and settings"}</p></div>`;
}

function flipsLine({ flips, passed, pairs, pass_at: mark }) {
  const [lost, gained] = flips;
  const all = `${passed[0]} → ${passed[1]} of ${pairs} passed (${mark} or more)`;
  if (!lost && !gained) return html`<p>No episode flipped: ${all}.</p>`;
  return html`<p>${lost + gained} flipped:
    ${gained ? html`<span class="good">${inlineGlyph("done")} ${gained} now pass${gained === 1 ? "es" : ""}</span>` : nothing}
    ${lost ? html`<span class="bad">${inlineGlyph("fail")} ${lost} no longer</span>` : nothing} <span class="dim">${all}</span></p>`;
}

function verdictPart(doc) {
  const kind = tone(doc.difference, doc.clear);
  const [left, right] = doc.unpaired;
  const alone = left || right ? html`<p class="dim">Without a partner: ${left} of the first run, ${right} of the second; they are not counted here.</p>` : nothing;
  return html`<section class="banner outcome ${kind}" aria-label="Verdict"><p class="size"><b class=${kind}>${signedScore(doc.difference)}</b>
    <span>change of the mean</span></p><div><p><b>${visibleText(doc.headline)}</b> ${visibleText(doc.remarks.join(" "))}</p>${flipsLine(doc)}${alone}</div></section>`;
}

function pairLine([from, to, times, flipped], at) {
  const y = 9 + at * PITCH;
  const kind = tone(to - from) || "dim";
  const edge = Math.max(from, to);
  const before = edge > 0.93;
  const label = times > 1 ? svg`<text x=${place(before ? Math.min(from, to) : edge)} dx=${before ? -9 : 9} y=${y + 4} text-anchor=${before ? "end" : "start"}>× ${times}</text>` : nothing;
  const line = from === to ? nothing : svg`<line class="change ${kind}" x1=${place(from)} x2=${place(to)} y1=${y} y2=${y} /><circle class="from" cx=${place(from)} cy=${y} r="3.700" />`;
  return svg`${line}<circle class="to ${kind} ${flipped ? "flip" : ""}" cx=${place(to)} cy=${y} r=${flipped ? 4.6 : 4} />${label}`;
}

function pairsCell(each, passAt) {
  const high = Math.max(1, each.dots.length) * PITCH + 3;
  const [up, down] = [1, -1].map((sign) => each.dots.filter(([a, b]) => Math.sign(b - a) === sign).reduce((sum, [, , times]) => sum + times, 0));
  const told = `${counted(each.pairs, "pair")}: ${up} up, ${down} down, mean ${shortScore(each.means[0])} to ${shortScore(each.means[1])}`;
  return html`<svg class="pairs" role="img" aria-label=${told} height=${high}>${scaleRules(passAt, high)}${each.dots.map(pairLine)}</svg>
    ${each.more ? html`<span class="dim">and ${each.more} that moved less</span>` : nothing}`;
}

function pairsPart(doc) {
  const row = (each) => {
    const range = each.equal ? "all equal" : each.exact ? "exact" : `${signedScore(each.low)} to ${signedScore(each.high)}`;
    return html`<tr><th scope="row"><b>${shortName(each.name)}</b><br><span class="dim">${counted(each.pairs, "pair")}</span></th>
      <td class="num"><b class=${tone(each.difference, each.clear)}>${signedScore(each.difference)}</b><br><span class="dim">${range}</span></td>
      <td class="axis">${pairsCell(each, doc.pass_at)}</td></tr>`;
  };
  const key = html`<p class="key"><svg width="40" height="12" aria-hidden="true" class="pairs"><line class="change dim" x1="6" x2="34" y1="6" y2="6" />
    <circle class="from" cx="6" cy="6" r="3.700" /><circle class="to dim" cx="34" cy="6" r="4" /></svg> ${visibleText(doc.sides[0].run)} to ${visibleText(doc.sides[1].run)}
    <span class="good">green up</span> <span class="bad">red down</span> <span class="dim">ringed: flipped · dashed: pass mark ${doc.pass_at}</span></p>`;
  const heads = [["", "scenario"], ["num", "change"], ["axis", scaleLabels(doc.pass_at)]];
  return html`<section>${partHead("Pairs", "same scenario and seed, equal ones together")}${key}${stackedTable("Pairs of episodes by scenario", heads, doc.scenarios.map(row))}</section>`;
}

function moveRow(move, links) {
  const score = (at) => linked(links.episode(move.episodes[at]), shortScore(move.scores[at]), plainLine(move.episodes[at]));
  const href = links.diff(...move.episodes);
  const side = href === null ? html`<code>${visibleText(move.diff)}</code>` : html`<a href=${href}>diff</a>`;
  return html`<tr><th scope="row">${worldName(move.scenario, [move.seed], move.alike)}</th><td class="num" data-l="from">${score(0)}</td>
    <td class="num" data-l="to">${score(1)}</td><td class="num" data-l="change"><b class=${tone(move.difference)}>${signedScore(move.difference)}</b>${move.flipped ? html`<br><span class="dim">flipped</span>` : nothing}</td>
    <td class="words">${move.why ? visibleText(move.why) : html`<span class="dim">–</span>`}</td><td class="see">${side}</td></tr>`;
}

function movesPart(doc, links) {
  if (!doc.moves.length) return nothing;
  const heads = [["", "episode"], ["num", "from"], ["num", "to"], ["num", "change"], ["words", "why the lower one is low"], ["see", "side by side"]];
  return html`<section>${partHead("Largest moves")}${stackedTable("Largest moves", heads, doc.moves.map((each) => moveRow(each, links)))}</section>`;
}

function methodLine(doc) {
  const claim = doc.claim === "world" ? "these scenarios with other seeds" : "these scenarios and seeds, replayed";
  return doc.method === null ? nothing : html`<p class="dim">95 %: ${doc.method}, for ${claim}. A change is coloured only if it is clear: 0 outside of the interval, and p at most 0.05 in a sign-flip test.</p>`;
}

/** The page of two runs compared, the second against the first. */
export function drawTwo(doc, links) {
  const runs = doc.sides.map(({ run, each, figures }) => ({ name: run, cost: each, mean: figures.mean, low: figures.low, high: figures.high }));
  const parts = doc.parts.length ? html`<section>${partHead("Gained and lost", "by part of the grade, on average")}${partBars(doc.parts, true)}</section>` : nothing;
  return html`<main class="page overview">${titlePart(doc, links)}${verdictPart(doc)}${headingLine(doc)}${missingNotice(doc.missing)}
    <div class="beside">${pairsPart(doc)}<div><section>${partHead("Score against cost")}${costPlot(runs, doc.pass_at)}</section>${parts}</div></div>
    ${movesPart(doc, links)}${methodLine(doc)}${commandLines(doc.commands)}</main>`;
}
