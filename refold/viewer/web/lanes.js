// The timeline: rewards, actions and lanes over an axis of steps, never of wall time.
import { html, svg, nothing, noChange } from "./vendor/lit-html.js";
import { glyph } from "./icons.js";
import { fitText, plainLine, visibleText, signedNumber } from "./text.js";

const LABELS_WIDTH = 148;
const ROW_HEIGHT = 24;
const REWARD_HEIGHT = 40;
const LETTERS_HEIGHT = 22;
const FLAGS_HEIGHT = 18;
const LEAST_STEP_WIDTH = 16;
const MOST_STEP_WIDTH = 96;
const MOST_LANES = 300;
const BAD_MARKS = {
  refused: "refused", failed: "failed", permanent: "failed for good", mistake: "mistake", risky: "risky", parse: "no action in a reply",
};
/** Marks for what came from outside, in words. */
export const OUTSIDE_MARKS = new Map([
  ["sla", "deadline missed"], ["world", "change from outside"], ["operator", "remark, other seed or score"],
]);
const OUTCOME_GLYPHS = {
  done: "done", failed: "fail", permanent: "gone", aborted: "fail", running: "run", offline: "gone",
};

/** The width of a step in a *pane* of so many pixels. */
export function stepWidth(pane, steps) {
  const labels = pane < 500 ? 118 : LABELS_WIDTH;
  return Math.max(LEAST_STEP_WIDTH, Math.min(MOST_STEP_WIDTH, (pane - labels - 14) / Math.max(1, steps)));
}

/** The y of reward zero, and the pixels for each point, so that best and worst both fit. */
function rewardAxis(rewards) {
  const [best, worst] = [Math.max(0, ...rewards), Math.max(0, ...rewards.map((each) => -each))];
  const scale = (REWARD_HEIGHT - 6) / Math.max(0.01, best + worst);
  return { middle: 3 + best * scale, scale };
}

/** The parts of the timeline that do not depend on the position, computed once. */
export function prepareTimeline(doc, family) {
  const names = family.lanes ? family.lanes(doc) : [];
  const used = new Set(doc.spans.map((span) => span[0]));
  const lanes = names.length > MOST_LANES ? names.filter((each) => used.has(each)) : names;
  const rows = new Map(lanes.map((lane, place) => [lane, place]));
  return {
    lanes,
    spans: doc.spans.filter((span) => rows.has(span[0])).map((span) => ({ span, row: rows.get(span[0]) })),
    flags: family.flags ? family.flags(doc) : [],
    ...rewardAxis(doc.steps.map((step) => step.reward)),
    cache: new Map(),
    letters: doc.steps.map((step) => (step.error ? "!" : family.letter(step.action))),
  };
}

/** Draws a part again only if *key* changed: most of 1,000 steps stay the same at each move. */
function drawIfChanged(cache, place, key, draw) {
  if (cache.get(place) === key) return noChange;
  cache.set(place, key);
  return draw();
}

function rewardBars(line, doc, at, hide, w) {
  const { middle, scale } = line;
  return doc.steps.map((step, place) => {
    const seen = !hide || place < at;
    return drawIfChanged(line.cache, `bar${place}`, `${w} ${seen}`, () => {
      const high = Math.max(Math.abs(step.reward) * scale, step.reward ? 1.5 : 0);
      const y = step.reward < 0 ? middle : middle - high;
      const wide = Math.max(2, Math.min(w * 0.7, 44));
      return svg`<rect class=${seen ? (step.reward < 0 ? "bar bad" : "bar good") : "none"}
        x=${(place + 0.5) * w - wide / 2} y=${y} width=${wide} height=${high}>
        ${doc.steps.length > 100 ? nothing : svg`<title>step ${place + 1}: ${signedNumber(step.reward)}</title>`}</rect>`;
    });
  });
}

function actionLetters(line, at, hide, w) {
  return line.letters.map((letter, place) => {
    const seen = !hide || place < at;
    return drawIfChanged(line.cache, `letter${place}`, `${w} ${seen}`, () => svg`<text
      class=${letter === "!" ? "letter bad" : "letter"} x=${(place + 0.5) * w}
      y=${REWARD_HEIGHT + FLAGS_HEIGHT + 15}>${seen ? letter : "·"}</text>`);
  });
}

function deadlineFlags(line, w, steps) {
  return line.flags.filter((flag) => flag.step <= steps).map((flag) => {
    const x = flag.step * w;
    const text = fitText(flag.text, Math.max(x - 16, 60), 7);
    const left = x > text.length * 7 + 16;
    return svg`<g class="flag"><line x1=${x} x2=${x} y1=${REWARD_HEIGHT + 2} y2=${REWARD_HEIGHT + FLAGS_HEIGHT + LETTERS_HEIGHT} />
      ${glyph("flag", left ? x - 14 : x + 3, REWARD_HEIGHT + 3)}
      <text x=${left ? x - 17 : x + 16} y=${REWARD_HEIGHT + 13} text-anchor=${left ? "end" : "start"}>${text}</text>
      <title>${plainLine(flag.title)}</title></g>`;
  });
}

function spanState(span, at) {
  if (span[2] > at) return "future";
  if (span[3] === null || span[3] > at) return span[4] === "offline" ? "gone" : "run";
  return OUTCOME_GLYPHS[span[4]] ?? "done";
}

function drawSpan({ span, row }, state, shownTo, steps, w, selected) {
  const [worker, subtask, from, to, outcome, attempt] = span;
  const end = to ?? steps;
  const x = (from - 1) * w + 1;
  const wide = Math.max(3, (end - from + 1) * w - 2);
  const past = Math.max(0, Math.min(wide, (shownTo - from + 1) * w - 2));
  const y = row * ROW_HEIGHT + 2.5;
  const label = outcome === "offline" ? "offline" : subtask;
  const text = fitText(label, wide - 20, 7);
  const mark = state === "future" ? (outcome === "offline" ? "none" : "pending") : state;
  const told = state === "future" ? "" : `, ${state === "run" ? "in progress" : outcome}`;
  const again = attempt > 1 ? `, attempt ${attempt}` : "";
  return svg`<g class="span ${state} ${outcome === "offline" ? "offline" : ""} ${selected ? "picked" : ""}"
    data-pick=${subtask ?? ""}>
    <rect class="rest" x=${x} y=${y} width=${wide} height=${ROW_HEIGHT - 5} rx="3" />
    ${state === "future" ? nothing : svg`<rect class="past" x=${x} y=${y} width=${past} height=${ROW_HEIGHT - 5} rx="3" />`}
    ${wide > 15 ? glyph(mark, x + 3, y + 3.5) : nothing}
    <text x=${x + 18} y=${y + 14}>${text}</text>
    <title>${plainLine(worker)}: ${plainLine(label)}${again}${told}, step ${from}${to && state !== "future" && state !== "run" ? ` to ${to}` : ""}</title></g>`;
}

function drawSpans(line, at, hide, steps, w, picked) {
  return line.spans.map((each, place) => {
    const state = spanState(each.span, at);
    const end = each.span[3] ?? steps;
    const to = Math.min(at, end);
    const selected = picked !== null && each.span[1] === picked;
    const key = `${w} ${state} ${state === "run" || state === "gone" ? to : ""} ${hide} ${selected}`;
    return drawIfChanged(line.cache, `span${place}`, key, () => {
      if (hide && state === "future") return svg``;
      return drawSpan(each, state, to, hide && state === "run" ? at : steps, w, selected);
    });
  });
}

function stepTicks(line, steps, w) {
  const room = Math.max(26, 8 * (String(steps).length + 1));
  const every = [1, 2, 5, 10, 20, 50, 100].find((each) => each * w >= room) ?? 200;
  return drawIfChanged(line.cache, "ticks", `${w} ${steps}`, () => {
    const shownSteps = [];
    for (let step = 1; step <= steps; step += 1) {
      if (step === 1 || step % every === 0) shownSteps.push(step);
    }
    return shownSteps.map((step) => svg`<text class="tick" x=${(step - 0.5) * w} y="13">${step}</text>`);
  });
}

function positionMarker(at, w, high) {
  if (!at) return svg`<rect class="head" x="0" y="0" width="2" height=${high} />`;
  return svg`<rect class="head" x=${(at - 1) * w} y="0" width=${w} height=${high} />`;
}

function laneRules(rows, wide) {
  return Array.from({ length: rows }, (_, row) => svg`<line class="rule" x1="0" x2=${wide}
    y1=${row * ROW_HEIGHT + 0.5} y2=${row * ROW_HEIGHT + 0.5} />`);
}

function markWords(seen, words) {
  return [...words].filter(([kind]) => seen.has(kind)).map(([, told]) => told).join(", ");
}

/** What the letters and marks mean, those that occur as far as they are seen. */
export function legend(line, doc, { at, hide }) {
  const steps = doc.steps.slice(0, hide ? at : doc.steps.length);
  const letters = new Map(steps.map((step, place) => [line.letters[place], step.error ? "refused" : step.say.split(/[\s(:]/, 1)[0]]));
  const kinds = new Set(doc.marks.filter((mark) => !hide || mark[0] <= at).map((mark) => mark[1]));
  const [bad, outside] = [markWords(kinds, Object.entries(BAD_MARKS)), markWords(kinds, OUTSIDE_MARKS)];
  const square = (kind) => html`<svg class="square" width="8" height="8" aria-hidden="true"><rect class=${kind} width="7" height="7" /></svg>`;
  return html`<p class="legend">${[...letters].map(([letter, word]) => html`<span class=${letter === "!" ? "bad" : ""}><b>${plainLine(letter)}</b>
      ${visibleText(word.slice(0, 30))}</span> `)}${bad ? html`<span>${square("bad")} ${bad}</span> ` : nothing}${outside
      ? html`<span>${square("mark")} ${outside}</span>` : nothing}</p>`;
}

/** Draws the timeline at position *at*; *seek* gets the step that is clicked, *pick* the subtask. */
export function drawTimeline(line, doc, { at, hide, width, picked, seek, pick }) {
  const steps = doc.steps.length;
  if (!steps) return html`<p class="empty dim">No step was taken.</p>`;
  const w = stepWidth(width, steps);
  const wide = w * steps;
  const top = REWARD_HEIGHT + FLAGS_HEIGHT + LETTERS_HEIGHT;
  const high = line.lanes.length * ROW_HEIGHT;
  const go = (event) => {
    const target = event.target.closest("[data-pick]");
    if (target?.dataset.pick) pick(target.dataset.pick);
    const box = event.currentTarget.getBoundingClientRect();
    seek(Math.max(1, Math.min(steps, Math.ceil((event.clientX - box.left) / w))));
  };
  return html`<div class="lines" role="img"
    aria-label="Timeline of ${steps} steps, now at ${at}; the Events tab has the same as a list">
    <div class="labels sticky-top"><span class="row reward">reward</span><span class="row letters">agent</span></div>
    <svg class="sticky-top plot" width=${wide} height=${top} @click=${go}>
      ${positionMarker(at, w, top)}
      <line class="rule" x1="0" x2=${wide} y1=${line.middle} y2=${line.middle} />
      ${rewardBars(line, doc, at, hide, w)}
      ${drawIfChanged(line.cache, "flags", `${w}`, () => deadlineFlags(line, w, steps))}${actionLetters(line, at, hide, w)}</svg>
    ${high ? html`<div class="labels">${drawIfChanged(line.cache, "labels", "", () =>
      line.lanes.map((lane) => html`<span class="row" title=${plainLine(lane)}>${visibleText(lane)}</span>`))}</div>
    <svg class="plot" width=${wide} height=${high} @click=${go}>
      ${positionMarker(at, w, high)}
      ${drawIfChanged(line.cache, "rules", `${w}`, () => [laneRules(line.lanes.length, wide), line.flags
        .filter((flag) => flag.step <= steps).map((flag) => svg`<line class="due" x1=${flag.step * w}
          x2=${flag.step * w} y1="0" y2=${high} />`)])}
      ${drawSpans(line, at, hide, steps, w, picked)}</svg>` : nothing}
    <div class="labels sticky-bottom"><span class="row">step</span></div>
    <svg class="sticky-bottom plot" width=${wide} height="20" @click=${go}>${positionMarker(at, w, 20)}${stepTicks(line, steps, w)}</svg>
  </div>`;
}
