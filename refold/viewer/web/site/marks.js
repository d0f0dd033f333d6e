// Small charts in table rows: rewards as bars, a score as a share, a mean with its interval.
import { html, svg, nothing } from "../vendor/lit-html.js";
import { signedNumber } from "../text.js";

const WIDE = 120;
const HIGH = 22;
const WIDEST = 6;
const LEAST = 1;
const SHARE = 56;
const EXACT = 60;
const TICKS = [[0, "start"], [0.5, "middle"], [1, "end"]];
const TIE = /^(-?\d+\.\d{3}[02468])50*$/;

/**
 * A score to four places, rounded as Python and so the commands round it.
 *
 * Exact ties go to the even digit there, and to the larger number in `toFixed`.
 */
export function fixedScore(score) {
  return TIE.exec(score.toFixed(EXACT))?.[1] ?? score.toFixed(4);
}

function barsPath(rewards, sign, middle, scale, pitch) {
  return rewards.map((reward, place) => {
    if (reward * sign <= 0) return "";
    const high = Math.max(LEAST, Math.abs(reward) * scale);
    const wide = (pitch * 0.8).toFixed(2);
    return `M${(place * pitch).toFixed(2)} ${middle.toFixed(2)}h${wide}v${(-sign * high).toFixed(2)}h-${wide}z`;
  }).join("");
}

/** The rewards of an episode as bars up and down, scaled to the largest of its own. */
export function rewardSpark(rewards, steps) {
  if (!rewards?.length) return html`<span class="dim">–</span>`;
  const [best, worst] = [Math.max(0, ...rewards), Math.min(0, ...rewards)];
  const scale = (HIGH - 2) / Math.max(0.01, best - worst);
  const middle = 1 + best * scale;
  const pitch = Math.min(WIDEST, WIDE / rewards.length);
  const range = [Math.min, Math.max].map((end) => signedNumber(end(...rewards))).join(" to ");
  const told = `rewards of ${steps} step${steps === 1 ? "" : "s"}, ${range}`;
  return html`<svg class="spark" role="img" aria-label=${told} viewBox="0 0 ${WIDE} ${HIGH}" width=${WIDE} height=${HIGH}>
    <title>${told}</title><line class="rule" x1="0" x2=${rewards.length * pitch} y1=${middle} y2=${middle} />
    <path class="bar good" d=${barsPath(rewards, 1, middle, scale, pitch)} />
    <path class="bar bad" d=${barsPath(rewards, -1, middle, scale, pitch)} /></svg>`;
}

/** A score to four places, with a bar that shows it as a share of 1. */
export function scoreBar(score) {
  if (score === null || score === undefined) return html`<span class="dim">–</span>`;
  const part = Math.max(0, Math.min(1, score)) * SHARE;
  return html`<span class="scored">${fixedScore(score)} <svg class="share" width=${SHARE} height="6" aria-hidden="true">
    <rect class="whole" width=${SHARE} height="6" rx="3" /><rect class="good" width=${part} height="6" rx="3" /></svg></span>`;
}

function axisPosition(score) {
  return `${100 * score}%`;
}

function verticalLine(score, kind, from, to) {
  return svg`<line class=${kind} x1=${axisPosition(score)} x2=${axisPosition(score)} y1=${from} y2=${to} />`;
}

/** The labels of the score axis: 0, 0.5 and 1. */
export function scoreAxis() {
  return html`<svg class="scale" height="14" aria-hidden="true">${TICKS.map(([score, anchor]) =>
    svg`<text x=${axisPosition(score)} y="11" text-anchor=${anchor}>${score}</text>`)}</svg>`;
}

function intervalLine({ low, high }) {
  return svg`<line class="line" x1=${axisPosition(low)} x2=${axisPosition(high)} y1="9" y2="9" />
    ${[low, high].map((score) => verticalLine(score, "line", 5, 13))}`;
}

/** A mean as a dot on the axis, with the interval of *estimate*, if given, as a whisker. */
export function meanWithInterval(mean, estimate) {
  const range = estimate ? `, from ${fixedScore(estimate.low)} to ${fixedScore(estimate.high)}` : "";
  const told = `${fixedScore(mean)}${range}`;
  return html`<svg class="whisker" role="img" aria-label=${told} height="18"><title>${told}</title>
    ${TICKS.map(([score]) => verticalLine(score, "rule", 0, 18))}
    ${estimate ? intervalLine(estimate) : nothing}<circle cx=${axisPosition(mean)} cy="9" r="4.500" /></svg>`;
}
