// Small drawings within rows: rewards as bars, a score as a share, an estimate with its interval.
import { html, svg, nothing } from "../vendor/lit-html.js";
import { signed } from "../text.js";

const WIDE = 120;
const HIGH = 22;
const WIDEST = 6;
const LEAST = 1;
const SHARE = 56;
const EXACT = 60;
const TICKS = [[0, "start"], [0.5, "middle"], [1, "end"]];
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

function along(score) {
  return `${100 * score}%`;
}

function upright(score, kind, from, to) {
  return svg`<line class=${kind} x1=${along(score)} x2=${along(score)} y1=${from} y2=${to} />`;
}

/** The numbers of the axis, on which all scores are: its ends and its middle. */
export function scale() {
  return html`<svg class="scale" height="14" aria-hidden="true">${TICKS.map(([score, anchor]) =>
    svg`<text x=${along(score)} y="11" text-anchor=${anchor}>${score}</text>`)}</svg>`;
}

function interval({ low, high }) {
  return svg`<line class="line" x1=${along(low)} x2=${along(high)} y1="9" y2="9" />
    ${[low, high].map((score) => upright(score, "line", 5, 13))}`;
}

/** A mean as a dot on the axis, with a whisker as long as the interval of *estimate*, if there is one. */
export function whisker(mean, estimate) {
  const range = estimate ? `, from ${fixed(estimate.low)} to ${fixed(estimate.high)}` : "";
  const told = `${fixed(mean)}${range}`;
  return html`<svg class="whisker" role="img" aria-label=${told} height="18"><title>${told}</title>
    ${TICKS.map(([score]) => upright(score, "rule", 0, 18))}
    ${estimate ? interval(estimate) : nothing}<circle cx=${along(mean)} cy="9" r="4.500" /></svg>`;
}
