// The timeline: reward, actions and lanes over one axis of steps, never of wall time.
import { html, svg, nothing, noChange } from "./vendor/lit-html.js";
import { glyph } from "./icons.js";
import { fitted, flat, shown, signed } from "./text.js";

const LABELS = 148;
const ROW = 24;
const REWARD = 40;
const LETTERS = 22;
const FLAGS = 18;
const LEAST = 16;
const MOST = 96;
const MOST_LANES = 300;
const KINDS = {
  done: "done", failed: "fail", permanent: "gone", aborted: "fail", running: "run", offline: "gone",
};

/** How wide a step is drawn in a pane of so many pixels. */
export function stepWidth(pane, steps) {
  const labels = pane < 500 ? 118 : LABELS;
  return Math.max(LEAST, Math.min(MOST, (pane - labels - 14) / Math.max(1, steps)));
}

/** Where zero is among the *rewards*, and how high a point of reward is, best and worst included. */
function axis(rewards) {
  const [best, worst] = [Math.max(0, ...rewards), Math.max(0, ...rewards.map((each) => -each))];
  const scale = (REWARD - 6) / Math.max(0.01, best + worst);
  return { middle: 3 + best * scale, scale };
}

/** What of the timeline never changes, made once for an episode. */
export function timeline(doc, family) {
  const names = family.lanes ? family.lanes(doc) : [];
  const used = new Set(doc.spans.map((span) => span[0]));
  const lanes = names.length > MOST_LANES ? names.filter((each) => used.has(each)) : names;
  const rows = new Map(lanes.map((lane, place) => [lane, place]));
  return {
    lanes,
    spans: doc.spans.filter((span) => rows.has(span[0])).map((span) => ({ span, row: rows.get(span[0]) })),
    flags: family.flags ? family.flags(doc) : [],
    ...axis(doc.steps.map((step) => step.reward)),
    cache: new Map(),
    letters: doc.steps.map((step) => (step.error ? "!" : family.letter(step.action))),
  };
}

/** Draws *part* only if *key* is not what it was drawn with the last time. */
function kept(cache, place, key, draw) {
  if (cache.get(place) === key) return noChange;
  cache.set(place, key);
  return draw();
}

function bars(line, doc, at, hide, w) {
  const { middle, scale } = line;
  return doc.steps.map((step, place) => {
    const seen = !hide || place < at;
    return kept(line.cache, `bar${place}`, `${w} ${seen}`, () => {
      const high = Math.max(Math.abs(step.reward) * scale, step.reward ? 1.5 : 0);
      const y = step.reward < 0 ? middle : middle - high;
      const wide = Math.max(2, Math.min(w * 0.7, 44));
      return svg`<rect class=${seen ? (step.reward < 0 ? "bar bad" : "bar good") : "none"}
        x=${(place + 0.5) * w - wide / 2} y=${y} width=${wide} height=${high}>
        ${doc.steps.length > 100 ? nothing : svg`<title>step ${place + 1}: ${signed(step.reward)}</title>`}</rect>`;
    });
  });
}

function letters(line, at, hide, w) {
  return line.letters.map((letter, place) => {
    const seen = !hide || place < at;
    return kept(line.cache, `letter${place}`, `${w} ${seen}`, () => svg`<text
      class=${letter === "!" ? "letter bad" : "letter"} x=${(place + 0.5) * w}
      y=${REWARD + FLAGS + 15}>${seen ? letter : "·"}</text>`);
  });
}

function flags(line, w, steps) {
  return line.flags.filter((flag) => flag.step <= steps).map((flag) => {
    const x = flag.step * w;
    const text = fitted(flag.text, Math.max(x - 16, 60), 7);
    const left = x > text.length * 7 + 16;
    return svg`<g class="flag"><line x1=${x} x2=${x} y1=${REWARD + 2} y2=${REWARD + FLAGS + LETTERS} />
      ${glyph("flag", left ? x - 14 : x + 3, REWARD + 3)}
      <text x=${left ? x - 17 : x + 16} y=${REWARD + 13} text-anchor=${left ? "end" : "start"}>${text}</text>
      <title>${flat(flag.title)}</title></g>`;
  });
}

function spanAt(span, at) {
  if (span[2] > at) return "future";
  if (span[3] === null || span[3] > at) return span[4] === "offline" ? "gone" : "run";
  return KINDS[span[4]] ?? "done";
}

function drawSpan({ span, row }, state, shownTo, steps, w, selected) {
  const [worker, subtask, from, to, outcome, attempt] = span;
  const end = to ?? steps;
  const x = (from - 1) * w + 1;
  const wide = Math.max(3, (end - from + 1) * w - 2);
  const past = Math.max(0, Math.min(wide, (shownTo - from + 1) * w - 2));
  const y = row * ROW + 2.5;
  const label = outcome === "offline" ? "offline" : subtask;
  const text = fitted(label, wide - 20, 7);
  const mark = state === "future" ? (outcome === "offline" ? "none" : "pending") : state;
  const told = state === "future" ? "" : `, ${state === "run" ? "in progress" : outcome}`;
  const again = attempt > 1 ? `, attempt ${attempt}` : "";
  return svg`<g class="span ${state} ${outcome === "offline" ? "offline" : ""} ${selected ? "picked" : ""}"
    data-pick=${subtask ?? ""}>
    <rect class="rest" x=${x} y=${y} width=${wide} height=${ROW - 5} rx="3" />
    ${state === "future" ? nothing : svg`<rect class="past" x=${x} y=${y} width=${past} height=${ROW - 5} rx="3" />`}
    ${wide > 15 ? glyph(mark, x + 3, y + 3.5) : nothing}
    <text x=${x + 18} y=${y + 14}>${text}</text>
    <title>${flat(worker)}: ${flat(label)}${again}${told}, step ${from}${to && state !== "future" && state !== "run" ? ` to ${to}` : ""}</title></g>`;
}

function spans(line, at, hide, steps, w, picked) {
  return line.spans.map((each, place) => {
    const state = spanAt(each.span, at);
    const end = each.span[3] ?? steps;
    const to = Math.min(at, end);
    const selected = picked !== null && each.span[1] === picked;
    const key = `${w} ${state} ${state === "run" || state === "gone" ? to : ""} ${hide} ${selected}`;
    return kept(line.cache, `span${place}`, key, () => {
      if (hide && state === "future") return svg``;
      return drawSpan(each, state, to, hide && state === "run" ? at : steps, w, selected);
    });
  });
}

function ticks(line, steps, w) {
  const every = [1, 2, 5, 10, 20, 50, 100].find((each) => each * w >= 26) ?? 200;
  return kept(line.cache, "ticks", `${w} ${steps}`, () => {
    const shownSteps = [];
    for (let step = 1; step <= steps; step += 1) {
      if (step === 1 || step % every === 0) shownSteps.push(step);
    }
    return shownSteps.map((step) => svg`<text class="tick" x=${(step - 0.5) * w} y="13">${step}</text>`);
  });
}

function head(at, w, high) {
  if (!at) return svg`<rect class="head" x="0" y="0" width="2" height=${high} />`;
  return svg`<rect class="head" x=${(at - 1) * w} y="0" width=${w} height=${high} />`;
}

function rules(rows, wide) {
  return Array.from({ length: rows }, (_, row) => svg`<line class="rule" x1="0" x2=${wide}
    y1=${row * ROW + 0.5} y2=${row * ROW + 0.5} />`);
}

/** The timeline at position *at*; *seek* is told the step that was clicked, *pick* the subtask. */
export function drawTimeline(line, doc, { at, hide, width, picked, seek, pick }) {
  const steps = doc.steps.length;
  if (!steps) return html`<p class="empty dim">No step was taken.</p>`;
  const w = stepWidth(width, steps);
  const wide = w * steps;
  const top = REWARD + FLAGS + LETTERS;
  const high = line.lanes.length * ROW;
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
      ${head(at, w, top)}
      <line class="rule" x1="0" x2=${wide} y1=${line.middle} y2=${line.middle} />
      ${bars(line, doc, at, hide, w)}
      ${kept(line.cache, "flags", `${w}`, () => flags(line, w, steps))}${letters(line, at, hide, w)}</svg>
    ${high ? html`<div class="labels">${kept(line.cache, "labels", "", () =>
      line.lanes.map((lane) => html`<span class="row" title=${flat(lane)}>${shown(lane)}</span>`))}</div>
    <svg class="plot" width=${wide} height=${high} @click=${go}>
      ${head(at, w, high)}
      ${kept(line.cache, "rules", `${w}`, () => [rules(line.lanes.length, wide), line.flags
        .filter((flag) => flag.step <= steps).map((flag) => svg`<line class="due" x1=${flag.step * w}
          x2=${flag.step * w} y1="0" y2=${high} />`)])}
      ${spans(line, at, hide, steps, w, picked)}</svg>` : nothing}
    <div class="labels sticky-bottom"><span class="row">step</span></div>
    <svg class="sticky-bottom plot" width=${wide} height="20" @click=${go}>${head(at, w, 20)}${ticks(line, steps, w)}</svg>
  </div>`;
}
