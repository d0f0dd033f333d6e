// Small drawings within rows: rewards as bars, a score as a share, an estimate with its interval.
import { html, svg, nothing } from "../vendor/lit-html.js";
import { signed } from "../text.js";

const WIDE = 120;
const HIGH = 22;
const WIDEST = 6;
const LEAST = 1;
const SHARE = 56;
const EXACT = 60;
const TIE = /^(-?\d+\.\d{3}[02468])50*$/;

/** A score to four places as Python writes it, so as commands do: of two as near, the even one. */
export function fixed(score) {
  return TIE.exec(score.toFixed(EXACT))?.[1] ?? score.toFixed(4);
}

function bars(rewards, sign, middle, scale, pitch) {
  return rewards.map((reward, place) => {
    if (reward * sign <= 0) return "";
    const high = Math.max(LEAST, Math.abs(reward) * scale);
    const wide = (pitch * 0.8).toFixed(2);
    return `M${(place * pitch).toFixed(2)} ${middle.toFixed(2)}h${wide}v${(-sign * high).toFixed(2)}h-${wide}z`;
  }).join("");
}

/** The rewards of an episode's *steps* steps as bars, up and down; each row by its own largest. */
export function spark(rewards, steps) {
  if (!rewards?.length) return html`<span class="dim">–</span>`;
  const [best, worst] = [Math.max(0, ...rewards), Math.min(0, ...rewards)];
  const scale = (HIGH - 2) / Math.max(0.01, best - worst);
  const middle = 1 + best * scale;
  const pitch = Math.min(WIDEST, WIDE / rewards.length);
  const range = [Math.min, Math.max].map((end) => signed(end(...rewards))).join(" to ");
  const told = `rewards of ${steps} step${steps === 1 ? "" : "s"}, ${range}`;
  return html`<svg class="spark" role="img" aria-label=${told} viewBox="0 0 ${WIDE} ${HIGH}" width=${WIDE} height=${HIGH}>
    <title>${told}</title><line class="rule" x1="0" x2=${rewards.length * pitch} y1=${middle} y2=${middle} />
    <path class="bar good" d=${bars(rewards, 1, middle, scale, pitch)} />
    <path class="bar bad" d=${bars(rewards, -1, middle, scale, pitch)} /></svg>`;
}

/** A score to four places, and as much of a bar as it is of 1. */
export function scored(score) {
  if (score === null || score === undefined) return html`<span class="dim">–</span>`;
  const part = Math.max(0, Math.min(1, score)) * SHARE;
  return html`<span class="scored">${fixed(score)} <svg class="share" width=${SHARE} height="6" aria-hidden="true">
    <rect class="whole" width=${SHARE} height="6" rx="3" /><rect class="good" width=${part} height="6" rx="3" /></svg></span>`;
}

/** The axis that *bounds* and the scores 0 and 1 fit on: from, to. */
export function axisOf([low, high]) {
  return [Math.min(0, low), Math.max(1, high)];
}

function along([from, to], value) {
  return `${(100 * (value - from)) / (to - from)}%`;
}

function upright(axis, value, kind, from, to) {
  return svg`<line class=${kind} x1=${along(axis, value)} x2=${along(axis, value)} y1=${from} y2=${to} />`;
}

/** The numbers of an axis: its ends and its middle. */
export function scale(axis) {
  const [from, to] = axis;
  const ticks = [[from, "start"], [(from + to) / 2, "middle"], [to, "end"]];
  return html`<svg class="scale" height="14" aria-hidden="true">${ticks.map(([value, anchor]) =>
    svg`<text x=${along(axis, value)} y="11" text-anchor=${anchor}>${value}</text>`)}</svg>`;
}

function interval(axis, { low, high }) {
  return svg`<line class="line" x1=${along(axis, low)} x2=${along(axis, high)} y1="9" y2="9" />
    ${[low, high].map((value) => upright(axis, value, "line", 5, 13))}`;
}

/** A mean as a dot on an axis, with a whisker as long as the interval of *estimate*, if there is one. */
export function whisker(axis, mean, estimate) {
  const [from, to] = axis;
  const range = estimate ? `, from ${fixed(estimate.low)} to ${fixed(estimate.high)}` : "";
  const told = `${fixed(mean)}${range}`;
  return html`<svg class="whisker" role="img" aria-label=${told} height="18"><title>${told}</title>
    ${[from, (from + to) / 2, to].map((value) => upright(axis, value, "rule", 0, 18))}
    ${estimate ? interval(axis, estimate) : nothing}<circle cx=${along(axis, mean)} cy="9" r="4.500" /></svg>`;
}
