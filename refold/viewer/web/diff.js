// Two episodes side by side: where they diverge, and for each step only what differs.
import { html, svg, render, nothing } from "./vendor/lit-html.js";
import { pushAddress, readAddress, writeAddress } from "./address.js";
import { renderDialog, keyList, openDialog, syncDialog } from "./dialogs.js";
import { showEpisode } from "./episode.js";
import { differences, viewsOf } from "./fold.js";
import { inlineGlyph } from "./icons.js";
import { readSetting, listenToKeys, toggleTheme } from "./keys.js";
import { textBlock, valueCell, plainLine, breakableName, shortNumber, visibleText, signedNumber, toneClass } from "./text.js";

const SIDES = ["a", "b"];
const LONGEST_MARKED = 1200; // letters; longer replies are shown folded, without marks
const HELP = [
  ["← → ↑ ↓", "previous, next row"],
  ["Shift ← →, [ ]", "previous, next row that differs"],
  ["Home End", "first, last row"],
  ["a", "pair equal actions or equal steps"],
  ["x", "move B alone, or both again"],
  ["1 2", "open A, open B"],
  ["t", "theme"],
  ["?", "this list"],
];
const HIDDEN_EVENTS = new Set(["action_taken", "step_rewarded"]);

function initialState(doc) {
  return {
    doc, views: { a: viewsOf(doc.a), b: viewsOf(doc.b) }, by: "step", row: 0, open: new Set(),
    loose: false, slip: 0, letters: readSetting("letters") !== "off", dialog: null, dialogs: { keys: (s) => keyList(s, HELP) },
    get rows() { return this.doc.rows[this.by]; },
    get pair() {
      const [a, b] = this.rows[this.row] ?? [null, null];
      const last = this.doc.b.steps.length;
      return [a, this.loose ? Math.max(0, Math.min(last, (b ?? last) + this.slip)) : b];
    },
  };
}

function isRunning({ episode }) {
  return episode.ended === "running";
}

/** *one* with the words between its common beginning and end with *other* marked as *tag*. */
function markDifference(one, other, tag) {
  const [left, right] = [one.split(" "), other.split(" ")];
  let from = 0;
  while (from < left.length && left[from] === right[from]) from += 1;
  let end = 0;
  while (end < Math.min(left.length, right.length) - from
    && left[left.length - 1 - end] === right[right.length - 1 - end]) end += 1;
  const middle = left.slice(from, left.length - end).join(" ");
  const lead = left.slice(0, from).join(" ") + (from ? " " : "");
  const rest = (end ? " " : "") + left.slice(left.length - end).join(" ");
  if (!from && !end) return breakableName(one);
  const inner = middle && (tag === "del" ? html`<del>${breakableName(middle)}</del>` : html`<ins>${breakableName(middle)}</ins>`);
  return html`${breakableName(lead)}${inner}${breakableName(rest)}`;
}

function sideHeader(s, side) {
  const { episode } = s.doc[side];
  const score = isRunning(s.doc[side]) ? "–" : s.doc.scores[SIDES.indexOf(side)].toFixed(4);
  const fork = s.doc.fork?.side === side ? html` · fork at step ${s.doc.fork.at}` : nothing;
  return html`<div class="who"><span class="tag ${side}">${side.toUpperCase()}</span> <b>${breakableName(episode.scenario)}</b>
    <div class="dim">${breakableName(episode.id ?? "no id")} · ${breakableName(episode.agent.name || "no agent named")} · seed ${episode.seed_text ?? episode.seed}${fork}</div>
    <div>${episode.steps} steps, ${isRunning(s.doc[side]) ? "unfinished" : episode.ended} · score <b>${score}</b>
    <button type="button" @click=${() => s.enter(side)}>open</button></div></div>`;
}

function summaryHeader(s) {
  const [a, b] = s.doc.scores;
  const none = s.doc.incomparable.length > 0 || SIDES.some((side) => isRunning(s.doc[side]));
  return html`<div class="top">${sideHeader(s, "a")}${sideHeader(s, "b")}<div class="delta"><span class="dim">B − A</span><br>
    <b class=${none ? "dim" : toneClass(b - a)}>${none ? "–" : signedNumber(b - a)}</b></div></div>`;
}

function banner(s) {
  const { doc } = s;
  const equal = Math.max(0, doc.shared - 1);
  if (doc.same) {
    return html`<p class="banner same">${inlineGlyph("done")} No difference in ${doc.a.steps.length} steps: digests equal,
      <code>${doc.a.episode.digest.slice(0, 12)}</code></p>`;
  }
  const [why, ...more] = doc.say;
  const parts = doc.rows.step.some((each) => each[2] !== "same");
  return html`<p class="banner"><b>${equal} equal step${equal === 1 ? "" : "s"}${parts ? ", then apart" : ""}:</b> ${why}.
    ${doc.fork ? nothing : "Neither is a fork of the other: equal steps were found by their events."}</p>
    ${more.map((each) => html`<p class="banner warn">${each}</p>`)}
    ${doc.scenario.length ? html`<details class="banner"><summary>${doc.scenario.length} differences of the scenarios</summary>
      ${compare(doc.scenario, "where")}</details>` : nothing}`;
}

function curvePath(values, x, y) {
  return values.map((value, at) => `${at ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("");
}

function rewardCurves(s) {
  const totals = SIDES.map((side) => [0, ...s.doc[side].steps.map((step) => step.total)]);
  const steps = Math.max(1, ...totals.map((each) => each.length - 1));
  const [low, high] = [Math.min(0, ...totals.flat()), Math.max(0.01, ...totals.flat())];
  const x = (at) => 8 + (984 * at) / steps;
  const y = (value) => 88 - (80 * (value - low)) / (high - low);
  const [a, b] = totals;
  const both = Math.min(a.length, b.length);
  const gap = `${curvePath(a.slice(0, both), x, y)}${b.slice(0, both).map((value, at) =>
    [at, value]).reverse().map(([at, value]) => `L${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("")}Z`;
  const at = s.pair[0] ?? s.pair[1] ?? 0;
  const go = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    s.toStep(Math.round((((event.clientX - box.left) / box.width) * 1000 - 8) / 984 * steps));
  };
  return html`<svg class="curves" viewBox="0 0 1000 96" preserveAspectRatio="none" role="img" @click=${go}
    aria-label="Reward so far: A ends at ${shortNumber(a[a.length - 1])}, B at ${shortNumber(b[b.length - 1])}">
    <line class="rule" x1="0" x2="1000" y1=${y(0)} y2=${y(0)} vector-effect="non-scaling-stroke" />
    <path class="gap" d=${gap} /><line class="at" x1=${x(at)} x2=${x(at)} y1="0" y2="96" vector-effect="non-scaling-stroke" />
    ${svg`<path class="a" d=${curvePath(a, x, y)} vector-effect="non-scaling-stroke" /><path class="b"
      d=${curvePath(b, x, y)} vector-effect="non-scaling-stroke" />`}</svg>`;
}

function stepText(step) {
  return step ? step.say + (step.error ? ` (refused: ${step.error})` : "") : "";
}

function stepsAt(s, [a, b]) {
  return [a ? s.doc.a.steps[a - 1] : null, b ? s.doc.b.steps[b - 1] : null];
}

function refusedMark(step) {
  return step.error ? html`<span class="bad">${inlineGlyph("fail")} </span>` : nothing;
}

function stepCells(s, row) {
  const [one, two] = stepsAt(s, row);
  if (!one || !two || stepText(one) === stepText(two)) {
    return [one, two].map((step) => html`<td>${step ? [refusedMark(step), breakableName(stepText(step))] : html`<span class="dim">–</span>`}</td>`);
  }
  return html`<td>${refusedMark(one)}${markDifference(stepText(one), stepText(two), "del")}</td><td>${refusedMark(two)}${markDifference(stepText(two), stepText(one), "ins")}</td>`;
}

function tableRow(s, place) {
  const each = s.rows[place];
  const [one, two] = stepsAt(s, each);
  const change = one && two ? two.reward - one.reward : null;
  const number = each[0] === each[1] || each[1] === null ? each[0] : each[0] === null ? each[1] : `${each[0]} · ${each[1]}`;
  return html`<tr class="${place === s.row ? "now" : ""} ${each[2] === "same" ? "equal" : ""}" data-row=${place}
    @click=${() => s.to(place)}><td class="number">${number ?? ""}</td>${stepCells(s, each)}
    <td class="change ${change ? toneClass(change) : "dim"}">${change === null ? "" : change ? signedNumber(change) : "="}</td></tr>`;
}

/** The rows to show; runs of three or more equal ones are folded into one [from, to] until opened. */
function foldEqualRows(s) {
  const shownRows = [];
  for (let from = 0; from < s.rows.length;) {
    let to = from;
    while (to < s.rows.length && s.rows[to][2] === "same") to += 1;
    if (to - from >= 3 && !s.open.has(from) && !(s.row >= from && s.row < to)) {
      shownRows.push([from, to]);
      from = to;
    } else {
      for (const end = Math.max(to, from + 1); from < end; from += 1) shownRows.push(from);
    }
  }
  return shownRows;
}

function foldedRow(s, [from, to]) {
  const numbers = `${s.rows[from][0]}–${s.rows[to - 1][0]}`;
  return html`<tr class="equal" @click=${() => { s.open.add(from); s.to(from); }}><td class="number">${numbers}</td>
    <td colspan="3"><button type="button">${to - from} equal steps</button></td></tr>`;
}

function table(s) {
  return html`<table class="rows"><thead><tr><th scope="col" class="number" aria-label="step">#</th><th scope="col"><span class="tag a">A</span></th>
    <th scope="col"><span class="tag b">B</span></th><th scope="col" class="change">reward</th></tr></thead>
    <tbody>${foldEqualRows(s).map((each) => (Array.isArray(each) ? foldedRow(s, each) : tableRow(s, each)))}</tbody></table>`;
}

function eventsOf(doc, at) {
  if (at === null) return [];
  return doc.events.filter((event) => event[1] === at - 1 && !HIDDEN_EVENTS.has(event[2])).map((event) => event[4]);
}

function bothEvents(s, [a, b]) {
  const [one, two] = [eventsOf(s.doc.a, a), eventsOf(s.doc.b, b)];
  const [left, right] = [one.filter((each) => !two.includes(each)), two.filter((each) => !one.includes(each))];
  if (!left.length && !right.length) return nothing;
  return html`<h2>Events on one side only</h2><div class="sides"><ul>${left.map((each) => html`<li>${visibleText(each)}</li>`)}</ul>
    <ul>${right.map((each) => html`<li>${visibleText(each)}</li>`)}</ul></div>`;
}

function compare(rows, heading) {
  return html`<table class="compare"><thead><tr><th scope="col">${heading}</th><th scope="col">A</th><th scope="col">B</th></tr></thead>
    <tbody>${rows.map(([path, a, b]) => html`<tr class="apart"><th scope="row">${breakableName(path)}</th><td>${valueCell(a)}</td><td>${valueCell(b)}</td></tr>`)}</tbody></table>`;
}

function stateDifferences(s, [a, b]) {
  if (a === null || b === null || s.doc.incomparable.includes("rules")) return nothing;
  const found = differences(s.views.a[a], s.views.b[b]);
  return found.length ? html`<h2>State after it</h2>${compare(found, "where")}` : html`<p class="dim">The state is the same.</p>`;
}

function rewardDifferences(s, pair) {
  const [one, two] = stepsAt(s, pair);
  if (!one || !two || s.doc.incomparable.includes("rules")) return nothing;
  const found = differences(one.parts, two.parts).map(([path, a, b]) => [path, a ?? 0, b ?? 0]);
  return found.length ? html`<h2>Reward</h2>${compare([...found, ["in all", shortNumber(one.reward), shortNumber(two.reward)]], "part")}` : nothing;
}

function replyOf(doc, at) {
  const asked = at ? doc.exchanges.filter((each) => each.step === at - 1) : [];
  const last = asked[asked.length - 1]?.reply;
  return last ? [last.text, ...last.tool_calls.map((call) => `${call.name} ${call.arguments}`)].filter(Boolean).join("\n") : "";
}

function sentTo(doc, at) {
  const asked = at ? doc.exchanges.filter((each) => each.step === at - 1) : [];
  const texts = asked.flatMap((each) => each.sent.map((sent) => (typeof sent.content === "string" ? sent.content : "")));
  return texts.join("\n").split("\n").filter((line) => line.trim());
}

/** The prompt lines that only one of the two models got. */
function promptDifferences(s, [a, b]) {
  const [one, two] = [sentTo(s.doc.a, a), sentTo(s.doc.b, b)];
  const [left, right] = [one.filter((each) => !two.includes(each)), two.filter((each) => !one.includes(each))];
  if (!left.length && !right.length) return nothing;
  return html`<h2>Sent to one model only</h2><div class="sides"><div>${left.length ? textBlock(left.join("\n")) : nothing}</div>
    <div>${right.length ? textBlock(right.join("\n")) : nothing}</div></div>`;
}

function replyDifferences(s, [a, b]) {
  const [one, two] = [replyOf(s.doc.a, a), replyOf(s.doc.b, b)];
  if (one === two) return nothing;
  const show = (own, other, tag) => (own.length > LONGEST_MARKED ? textBlock(own) : html`<pre class="text">${markDifference(own, other, tag)}</pre>`);
  return html`<h2>Replies of the model</h2><div class="sides"><div>${one ? show(one, two, "del") : nothing}</div>
    <div>${two ? show(two, one, "ins") : nothing}</div></div>`;
}

function evidenceList(s, side, { seqs, more }) {
  if (!seqs.length) return nothing;
  return html`<div class="why"><span class="tag ${side}">${side.toUpperCase()}</span>${seqs.map((seq) => html`<button type="button"
    class="seq" title=${plainLine(s.doc[side].events[seq][4])} @click=${() => s.enter(side, seq)}>${seq}</button>`)}
    ${more ? html`<span class="dim">and ${more} more</span>` : nothing}</div>`;
}

function gradeTable(s) {
  const points = (value) => (value === null ? html`<span class="dim">–</span>` : shortNumber(value));
  return html`<h2>Grade</h2><table class="compare"><thead><tr><th scope="col">part</th><th scope="col">A</th><th scope="col">B</th>
    <th scope="col">B − A</th></tr></thead><tbody>${s.doc.grade.map((part) => html`<tr class=${part.delta ? "apart" : ""}>
    <th scope="row">${breakableName(part.name)}</th><td>${points(part.a)}</td><td>${points(part.b)}</td>
    <td class=${part.delta ? toneClass(part.delta) : "dim"}>${part.delta === null ? "" : part.delta ? signedNumber(part.delta) : "="}</td></tr>
    ${part.because ? html`<tr><td colspan="4">${SIDES.map((side) => evidenceList(s, side, part.because[side]))}</td></tr>` : nothing}`)}</tbody></table>`;
}

function detailPane(s) {
  const { pair } = s;
  const [a, b] = pair;
  const where = s.loose ? `A ${a ?? "–"}, B ${b ?? "–"} (unlocked)` : a === b || b === null ? `step ${a ?? "–"}` : a === null ? `step ${b}` : `A ${a}, B ${b}`;
  const scrolls = (event) => {
    if (["ArrowUp", "ArrowDown"].includes(event.key)) event.stopPropagation();
  };
  return html`<aside class="detail" tabindex="0" aria-label="At this step" @keydown=${scrolls}><h2>At ${where}</h2>
    ${bothEvents(s, pair)}${rewardDifferences(s, pair)}${stateDifferences(s, pair)}${promptDifferences(s, pair)}${replyDifferences(s, pair)}${gradeTable(s)}</aside>`;
}

function renderShell(s) {
  return html`<div class="diff"><h1 class="hidden">Two episodes side by side</h1>${summaryHeader(s)}${banner(s)}${rewardCurves(s)}
    <div class="bothwise"><div><p><label class="check"><input type="checkbox" .checked=${s.by === "action"}
      @change=${() => s.align()}> pair equal actions instead of equal steps (a)</label>
      <button type="button" title="Keys (?)" @click=${() => openDialog(s, "keys")}>Keys</button></p>${table(s)}</div>${detailPane(s)}</div>
    <p class="hidden" role="status">row ${s.row + 1} of ${s.rows.length}</p>${renderDialog(s)}</div>`;
}

function firstDifferentRow(s) {
  const found = s.rows.findIndex((each) => each[2] !== "same");
  return found < 0 ? 0 : found;
}

/** Takes over the comparison's values in the address; returns the side to show alone, if any. */
function readHash(s) {
  const given = readAddress();
  s.by = given.get("by") === "action" ? "action" : "step";
  const asked = Number.parseInt(given.get("row") ?? "", 10);
  s.row = asked >= 0 && asked < s.rows.length ? asked : firstDifferentRow(s);
  s.slip = 0;
  return SIDES.find((side) => side === given.get("view")) ?? null;
}

function addActions(s, update) {
  s.set = (changes) => { Object.assign(s, changes); update(); };
  s.to = (place) => {
    s.row = Math.max(0, Math.min(s.rows.length - 1, place));
    s.slip = 0;
    update();
  };
  s.toStep = (at) => {
    const found = s.rows.findIndex(([a, b]) => (a ?? b) === at);
    if (found >= 0) s.to(found);
  };
  s.move = (way) => {
    if (!s.loose) return s.to(s.row + way);
    s.slip += way;
    return update();
  };
  s.apart = (way) => {
    for (let place = s.row + way; place >= 0 && place < s.rows.length; place += way) {
      if (s.rows[place][2] !== "same") return s.to(place);
    }
    return undefined;
  };
  s.align = () => {
    s.by = s.by === "step" ? "action" : "step";
    s.open.clear();
    s.to(firstDifferentRow(s));
  };
}

function keyActions(s, update) {
  return {
    ArrowLeft: () => s.move(-1), ArrowRight: () => s.move(1), ArrowUp: () => s.move(-1), ArrowDown: () => s.move(1),
    ShiftArrowLeft: () => s.apart(-1), ShiftArrowRight: () => s.apart(1), "[": () => s.apart(-1), "]": () => s.apart(1),
    Home: () => s.to(0), End: () => s.to(s.rows.length - 1), a: s.align, t: toggleTheme,
    x: () => { s.loose = !s.loose; s.slip = 0; update(); },
    1: () => s.enter("a"), 2: () => s.enter("b"), "?": () => openDialog(s, "keys"),
  };
}

/**
 * Shows the comparison *doc* in *root*, or one of its episodes if the address says so.
 *
 * *hash* holds the values in the address that belong to the caller. Returns a function that
 * removes the view.
 */
export function showDiff(root, doc, { hash = {} } = {}) {
  const s = initialState(doc);
  let leave = () => {};
  let now;
  let entered = false;
  const clear = () => {
    leave();
    leave = () => {};
    render(nothing, root);
  };
  const update = () => {
    render(renderShell(s), root);
    syncDialog(root, s);
    writeAddress({ ...hash, by: s.by, row: String(s.row) });
    root.querySelector("tr.now")?.scrollIntoView({ block: "nearest" });
  };
  const both = () => {
    clear();
    now = null;
    s.dialog = null;
    leave = listenToKeys(keyActions(s, update), () => s.letters);
    update();
  };
  const back = () => {
    leave();
    if (entered) history.back();
    else both();
  };
  const one = (side) => {
    clear();
    now = side;
    leave = showEpisode(root, doc[side], { hash: { ...hash, view: side }, back: { go: back, text: "difference", tag: side } });
  };
  addActions(s, update);
  s.enter = (side, seq = null) => {
    const moment = seq === null ? {} : { seq, step: doc[side].events[seq][1] + 1, tab: "events" };
    pushAddress({ ...hash, view: side, ...moment });
    entered = true;
    one(side);
  };
  const follow = () => {
    const side = readHash(s);
    entered = false;
    if (side !== now) return side ? one(side) : both();
    return side ? undefined : update();
  };
  window.addEventListener("hashchange", follow);
  follow();
  return () => {
    window.removeEventListener("hashchange", follow);
    leave();
  };
}
