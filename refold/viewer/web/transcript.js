// The Transcript panel: the conversation from top to bottom, each turn beside the number of its step.
import { html, nothing, noChange } from "./vendor/lit-html.js";
import { inlineGlyph } from "./icons.js";
import { isObject } from "./fold.js";
import { OUTSIDE_MARKS } from "./lanes.js";
import { visibleText, breakableName, signedNumber, toneClass } from "./text.js";

const MOST_LINES = 12;
const MOST_LETTERS = 700;
const FIRST_LINES = 6;
const SETTLING_FRAMES = 6;

/** The text of a piece; null where the page had to leave it out. */
function textOf(doc, piece) {
  const path = piece.path ?? ["events", piece.seq, 4];
  const value = piece.text ?? path.reduce((inner, key) => inner?.[key], doc);
  if (value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The texts of every turn, in lower case and by their place, for searching; made once. */
function textsOf(s) {
  s.talk.texts ??= s.doc.transcript.map((turn) => turn.pieces.map((piece) =>
    `${piece.name ?? ""} ${textOf(s.doc, piece) ?? ""}`.toLowerCase()));
  return s.talk.texts;
}

function searchTurns(s, term) {
  const wanted = term.toLowerCase();
  const hits = wanted ? [...textsOf(s).entries()].filter(([, texts]) => texts.some((text) => text.includes(wanted)))
    .map(([place]) => s.doc.transcript[place].position) : [];
  // From the turn that is looked at onwards, as a reader expects.
  const next = hits.findIndex((position) => position >= s.at);
  s.set({ talk: { ...s.talk, term: wanted, hits, place: (next < 0 ? 0 : next) - 1 } });
}

/** Goes to the next turn that holds what is looked for, or to the one before. */
export function findTurn(s, way) {
  const { hits, place } = s.talk;
  if (!hits.length) return;
  s.talk.place = (place + way + hits.length) % hits.length;
  s.set({ at: hits[s.talk.place], seq: null });
}

/** Opens all that is folded, or folds it again. */
export function foldTurns(s) {
  s.set({ talk: { ...s.talk, open: !s.talk.open } });
}

/** What the panel remembers: the search, and whether everything is open. */
export function newTalk() {
  return { term: "", hits: [], place: -1, open: false, texts: null };
}

function counted(number, what) {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}

function pre(text, term) {
  return html`<pre class="text" dir="auto">${visibleText(text, term)}</pre>`;
}

/** A fold that is open if a hit hides in it. */
function fold(s, label, text) {
  const { term, open } = s.talk;
  const shown = open || Boolean(term && text.toLowerCase().includes(term));
  return html`<details class="fold" .open=${shown}><summary>${label}</summary>${pre(text, term)}</details>`;
}

/** The place at which a long text is split: behind its first lines, or before its *last* ones. */
function splitAt(text, lines, last) {
  const kept = last ? lines.slice(-FIRST_LINES) : lines.slice(0, FIRST_LINES);
  const length = Math.min(kept.join("\n").length, MOST_LETTERS);
  return last ? text.length - length : length;
}

/** A text whose end is folded if it is long; of an error, its beginning. */
function foldedText(s, text, last = false) {
  const lines = text.split("\n");
  if (lines.length <= MOST_LINES && text.length <= MOST_LETTERS) return pre(text, s.talk.term);
  const at = splitAt(text, lines, last);
  const rest = last ? text.slice(0, at) : text.slice(at);
  const more = lines.length > FIRST_LINES ? counted(rest.trim().split("\n").length, "more line") : counted(rest.length, "more letter");
  const shown = pre(last ? text.slice(at) : text.slice(0, at), s.talk.term);
  const hidden = fold(s, last ? `${more} before` : more, rest.replace(/^\n|\n$/g, ""));
  return html`<div class="long">${last ? [hidden, shown] : [shown, hidden]}</div>`;
}

function arrow(sign) {
  return html`<span aria-hidden="true">${sign}</span>`;
}

function parseObject(text) {
  try {
    const value = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null; // A model may write anything in place of arguments.
  }
}

/** An action in words; its first one says what it does. */
function wordsOfAction(s, text) {
  const [verb] = text.split(" ", 1);
  return html`<b>${visibleText(verb, s.talk.term)}</b><span class="given">${visibleText(text.slice(verb.length), s.talk.term)}</span>`;
}

function callBlock(s, piece, text) {
  const given = text.length <= MOST_LETTERS ? parseObject(text) : null;
  const { term } = s.talk;
  const told = given && Object.entries(given).map(([key, value]) => html`<span class="given"><span class="dim">${visibleText(key)}</span>
    ${visibleText(typeof value === "string" ? value : JSON.stringify(value), term)}</span> `);
  return html`<div class="calls">${arrow("→")}<span class="hidden">calls </span>
    ${piece.name ? html`<b>${visibleText(piece.name, term)}</b> ${told ?? foldedText(s, text)}` : wordsOfAction(s, text)}</div>`;
}

function resultBlock(s, piece, text) {
  const bad = piece.error;
  return html`<div class="results ${bad ? "wrong" : ""}"><p class="label">${arrow("←")}
    ${bad ? html`${inlineGlyph("fail")} error ` : nothing}${piece.name ? breakableName(piece.name) : bad ? nothing : "answer"}</p>
    ${foldedText(s, text, bad)}</div>`;
}

function shownBlock(s, piece, text) {
  const lines = text.split("\n").length;
  if (piece.news !== undefined && 2 * piece.news <= lines) {
    return fold(s, `Shown to the model: ${counted(lines, "line")}, ${piece.news} new`, text);
  }
  return html`<div class="results"><p class="label">Shown to the model</p>${foldedText(s, text)}</div>`;
}

const BLOCKS = {
  system: (s, piece, text) => fold(s, `Instructions: ${counted(text.split("\n").length, "line")}`, text),
  user: (s, piece, text) => html`<div class="heard"><p class="label">${visibleText(piece.name || "user")}</p>${foldedText(s, text)}</div>`,
  shown: shownBlock,
  thought: (s, piece, text) => html`<div class="thought"><span class="hidden">thinks </span>${foldedText(s, text)}</div>`,
  said: (s, piece, text) => html`<div class="speech"><span class="hidden">says </span>${foldedText(s, text)}</div>`,
  call: callBlock,
  result: resultBlock,
  event: (s, piece, text) => html`<p>${arrow("←")} ${visibleText(text, s.talk.term)}</p>`,
  fault: (s, piece, text) => html`<p class="bad">${inlineGlyph("fail")} ${visibleText(text, s.talk.term)}</p>`,
  score: (s, piece, text) => html`<p><b>${visibleText(text, s.talk.term)}</b></p>`,
  end: (s, piece, text) => html`<p><b>${visibleText(text, s.talk.term)}</b></p>`,
};

function pieceBlock(s, piece) {
  const text = textOf(s.doc, piece);
  if (text === null) return html`<p class="dim">Left out, as the page was too large.</p>`;
  return html`<div class="piece ${s.seq === piece.seq ? "picked" : ""}">${BLOCKS[piece.kind](s, piece, text)}</div>`;
}

function turnFigures(s, turn) {
  const reward = turn.position ? s.doc.steps[turn.position - 1].reward : 0;
  const told = [turn.ms && `${(turn.ms / 1000).toFixed(1)} s`, turn.tokens && `${turn.tokens[0] + turn.tokens[1]} tokens`];
  return html`<span class="dim">${told.filter(Boolean).join(" · ")}</span>${reward
    ? html` <span class=${toneClass(reward)}>${signedNumber(reward)}</span>` : nothing}`;
}

function turnBlock(s, turn) {
  const { position } = turn;
  const here = position === s.at;
  const { term, open, hits } = s.talk;
  const hit = hits.includes(position);
  const picked = here ? s.seq : null;
  const key = `${here} ${hit} ${hit && term} ${open} ${picked}`;
  if (s.rows.get(`turn ${position}`) === key) return noChange;
  s.rows.set(`turn ${position}`, key);
  return html`<li class="turn ${here ? "here" : ""} ${hit ? "hit" : ""}" data-turn=${position} aria-current=${here ? "step" : nothing}>
    <button type="button" class="seq" aria-label=${position ? `step ${position}` : "start"} @click=${() => s.seek(position)}>${position}</button>
    <p class="cost">${turnFigures(s, turn)}</p>
    <div class="told">${turn.pieces.map((piece) => pieceBlock(s, piece))}</div></li>`;
}

/** The turns with runs of equal ones together, as far as *turns* go: [its turns, its group or null]. */
function runsOf(turns, groups) {
  const runs = [];
  for (const turn of turns) {
    // The first of equal turns stands by itself, in full.
    const group = groups.find(({ first, period, times }) => turn.position >= first + period && turn.position < first + period * times) ?? null;
    const last = runs.at(-1);
    if (group && last?.group === group) last.turns.push(turn);
    else runs.push({ group, turns: [turn] });
  }
  return runs;
}

function sameTurns(s, { group, turns }) {
  const [first, last] = [turns[0].position, turns.at(-1).position];
  const news = s.doc.marks.filter(([at, kind]) => at >= first && at <= last && OUTSIDE_MARKS.has(kind));
  const what = group.period > 1 ? `the same ${group.period} steps` : "the same";
  const inside = (at) => at >= first && at <= last;
  const shown = s.talk.open || inside(s.at) || s.talk.hits.some(inside);
  return html`<li class="same"><details class="fold" .open=${shown}><summary><b>${Math.ceil(turns.length / group.period)} × ${what}</b>
      <span>${first === last ? `step ${first}` : `steps ${first} to ${last}`}</span> ${news.map(([at, , say]) => html`<span
      class="mark">${inlineGlyph("flag")} ${at}: ${visibleText(say)}</span> `)}</summary>
    <ol class="turns">${turns.map((turn) => turnBlock(s, turn))}</ol></details></li>`;
}

/** The Transcript panel. */
export function transcriptPanel(s) {
  const { term, hits, place } = s.talk;
  const asked = s.doc.exchanges.length > 0;
  // What lies ahead is hidden here as everywhere.
  const turns = s.hide ? s.doc.transcript.filter((turn) => turn.position <= s.at) : s.doc.transcript;
  return html`<form class="find" role="search" @submit=${(event) => { event.preventDefault(); findTurn(s, 1); }}>
    <input type="search" placeholder="find in the transcript" aria-label="Find in the transcript" .value=${term}
      @input=${(event) => searchTurns(s, event.target.value)}>
    <output>${term ? `${place + 1} of ${hits.length} turns` : ""}</output>
    <button type="button" aria-pressed=${s.talk.open} @click=${() => foldTurns(s)}>${s.talk.open ? "Fold" : "Open all"}</button></form>
    ${asked ? nothing : html`<p class="dim">No model was asked: these are the actions, and what came of them.</p>`}
    <ol class="turns">${runsOf(turns, s.doc.verdict?.groups ?? []).map((run) => (run.group ? sameTurns(s, run) : turnBlock(s, run.turns[0])))}</ol>`;
}

/** Scrolls the turn at the position to the top, unless it is in view already. */
export function scrollToTurn(root) {
  const [panel, turn] = [root.querySelector("#panel"), root.querySelector(".turn.here")];
  // On a phone the page scrolls, not the panel: there it stays where its reader has it.
  if (!turn || getComputedStyle(panel).overflowY !== "auto") return;
  const bar = panel.querySelector(".find").offsetHeight;
  const settle = (frames) => {
    const [box, outer] = [turn.getBoundingClientRect(), panel.getBoundingClientRect()];
    const top = box.top - outer.top - bar;
    if (top < 0 || Math.min(box.bottom, box.top + 60) > outer.bottom) panel.scrollTop += top - 4;
    // The heights of turns out of view are guesses, which come right once they are drawn.
    if (frames) requestAnimationFrame(() => settle(frames - 1));
  };
  settle(SETTLING_FRAMES);
}
