// The verdict above all else: score, how it ended, which step decided it, what was lost most.
import { html, nothing } from "./vendor/lit-html.js";
import { inlineGlyph } from "./icons.js";
import { plainName, lostPoints, visibleText } from "./text.js";

const LOSSES = 3;

/** Whether the verdict may be seen: not by who labels blind, nor where the future is hidden. */
export function seesVerdict(s) {
  return Boolean(s.doc.verdict) && !s.doc.blind && !(s.hide && s.at < s.last);
}

/** The position that an episode opens at; that of the address counts before it. */
export function firstPosition(doc) {
  if (doc.episode.ended === "running") return doc.steps.length;
  return doc.verdict && !doc.blind ? doc.verdict.at : 0;
}

function sentence(s, words) {
  return words.map(([text, at]) => (at === null ? visibleText(text)
    : html`<button type="button" class="link" @click=${() => s.seek(at)}>${visibleText(text)}</button>`));
}

function result({ passed, pass_at: mark }, score) {
  if (passed === null) return html`<p class="result">not counted</p>`;
  return html`<p class="result"><b>${score.toFixed(4)}</b>
    <span>${inlineGlyph(passed ? "done" : "fail")} ${passed ? "passed" : "below"} ${mark}</span></p>`;
}

function lossButtons(s, lost) {
  const [named, rest] = [lost.slice(0, LOSSES), lost.slice(LOSSES)];
  const button = (name, points, to) => html`<button type="button" @click=${() => s.toPart(to)}>${name}
    <b class="bad">${lostPoints(points)}</b></button>`;
  return html`<p class="losses"><span class="dim">Lost most</span>
    ${named.map(({ name, points }) => button(visibleText(plainName(name)), points, name))}
    ${rest.length ? button(`${rest.length} more`, rest.reduce((sum, { points }) => sum + points, 0), rest[0].name) : nothing}</p>`;
}

/** The band with the verdict; nothing where there is none, or it is not to be seen. */
export function verdictBand(s) {
  if (!seesVerdict(s)) return nothing;
  const told = s.doc.verdict;
  const kind = told.passed === null ? "uncounted" : told.passed ? "passed" : "failed";
  const head = told.head[0].toUpperCase() + told.head.slice(1);
  return html`<section class="verdict ${kind}" aria-label="Verdict">${result(told, s.doc.episode.score ?? 0)}
    <div class="reasons"><p><b>${visibleText(head)}.</b>${told.sentences.map((words) => html` <span>${sentence(s, words)}.</span>`)}</p>
      ${told.lost.length ? lossButtons(s, told.lost) : nothing}</div>
    ${told.steps.length ? html`<button type="button" class=${s.at === told.at ? "jump away" : "jump"} title="Key v"
      @click=${() => s.seek(told.at)}>Go to step ${told.at}</button>` : nothing}</section>`;
}
