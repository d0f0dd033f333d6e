// What the pages of runs have in common: numbers in words, scales, bars, and score against cost.
import { html, svg, nothing } from "./vendor/lit-html.js";
import { breakableName, compactNumber, plainLine, plainName, visibleText } from "./text.js";

const EXACT = 60;
const TIE = /^(-?\d+\.\d{2}[02468])50*$/;
const RANDOM = /^[0-9a-f]{16}$/;
const SHORT = 8;
const LONGEST = 24;
const LONGEST_NAME = 36;
const CENT = 0.01;
const MINUTE = 60;
const SHOWN_PARTS = 10;
const PLOT = { left: 44, top: 12, high: 176, wide: 316, bottom: 46 };
const SHAPES = ["circle", "square", "triangle", "diamond", "cross", "star"];

/** Nothing leads anywhere on disk; the page says what to type instead. */
export const LINKS_ON_DISK = { episode: () => null, diff: () => null, run: () => null, runs: () => null, failed: () => null };

/** A score to three places, rounded as Python and so the commands round it: exact ties to the even digit. */
export function shortScore(score) {
  if (score === null || score === undefined) return "–";
  return (TIE.exec(score.toFixed(EXACT))?.[1] ?? score.toFixed(3)).replace("-", "−");
}

/** A difference of scores to three places, with its sign. */
export function signedScore(value) {
  const text = shortScore(Math.abs(value));
  if (text === "0.000") return "0.000";
  return `${value < 0 ? "−" : "+"}${text}`;
}

/** An amount in US dollars; below a cent with four places. */
export function dollars(amount) {
  if (amount === null || amount === undefined) return "–";
  return amount === 0 || amount >= CENT ? `$${amount.toFixed(2)}` : `$${amount.toFixed(4)}`;
}

/** A time in its two largest units. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < MINUTE) return `${whole} s`;
  const minutes = Math.floor(whole / MINUTE);
  if (minutes < MINUTE) return `${minutes} min ${whole % MINUTE} s`;
  return `${Math.floor(minutes / MINUTE)} h ${minutes % MINUTE} min`;
}

/** How much longer a run takes, as nobody knows it better. */
export function timeLeft(seconds) {
  if (seconds < MINUTE) return "less than a minute left";
  const minutes = Math.round(seconds / MINUTE);
  return minutes < MINUTE ? `about ${minutes} min left` : `about ${(minutes / MINUTE).toFixed(1)} h left`;
}

/** A number and a noun, with an s unless the number is 1. */
export function counted(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** Why ended episodes do not count, in words; those that go on are told of as progress. */
export function exclusionWords(exclusions) {
  return Object.entries(exclusions).filter(([reason]) => reason !== "not_ended").map(([reason, number]) => `${number} ${plainName(reason)}`).join(", ");
}

/** *content* as a link to *href*, if there is one. */
export function linked(href, content, told = nothing) {
  return href === null ? html`<span title=${told}>${content}</span>` : html`<a href=${href} title=${told}>${content}</a>`;
}

/** A short form of an id, as lists show it. */
export function shortId(id) {
  if (RANDOM.test(id)) return id.slice(0, SHORT);
  const letters = [...id];
  return letters.length <= LONGEST ? id : `${letters.slice(0, LONGEST - 1).join("")}…`;
}

/** A name of at most *most* letters, the whole of it in its title: tables must not grow with names of strangers. */
export function shortName(name, most = LONGEST_NAME) {
  const letters = [...name];
  if (letters.length <= most) return html`<span class="name">${visibleText(name)}</span>`;
  return html`<span class="name" title=${plainLine(name)}>${visibleText(letters.slice(0, most - 1).join(""))}…</span>`;
}

/** The same as one plain line, for attributes. */
export function shortLine(name, most = LONGEST_NAME) {
  const letters = [...plainLine(name)];
  return letters.length <= most ? letters.join("") : `${letters.slice(0, most - 1).join("")}…`;
}

/** A scenario with the seeds of some of its episodes, and how many *more* there are. */
export function worldName(scenario, seeds, more = 0) {
  const others = more ? ` + ${more}` : "";
  return html`<b>${shortName(scenario)}</b> <span class="dim seeds">seed${seeds.length > 1 ? "s" : ""} ${seeds.join(", ")}${others}</span>`;
}

/** The place of a score on a scale from 0 to 1. */
export function place(score) {
  return `${(100 * Math.max(0, Math.min(1, score))).toFixed(2)}%`;
}

function rule(score, kind, high) {
  return svg`<line class=${kind} x1=${place(score)} x2=${place(score)} y1="0" y2=${high} />`;
}

/** The lines behind scores in a drawing so many pixels *high*: 0, 0.5, 1 and the pass mark. */
export function scaleRules(passAt, high) {
  return svg`${[0, 0.5, 1].map((score) => rule(score, "rule", high))}${rule(passAt, "due", high)}`;
}

/** The labels of the scale, for the head of a column. */
export function scaleLabels(passAt) {
  const near = Math.abs(passAt - 0.5) < 0.07;
  const labels = [[0, "start"], ...(near ? [] : [[0.5, "middle"]]), [1, "end"]].filter(([score]) => score === 0.5 || Math.abs(score - passAt) > 0.07);
  return html`<span class="hidden">scores from 0 to 1, pass mark ${passAt}</span><svg class="scale" height="16" aria-hidden="true">
    ${labels.map(([score, anchor]) => svg`<text x=${place(score)} y="12" text-anchor=${anchor}>${score}</text>`)}
    <text class="mark" x=${place(passAt)} y="12" text-anchor=${passAt > 0.95 ? "end" : passAt < 0.05 ? "start" : "middle"}>${passAt}</text></svg>`;
}

/** A mean with its interval as a dot with a whisker; a ring if nothing is known of how it scatters. */
export function meanWhisker({ mean, low, high }, passAt) {
  if (mean === null) return html`<span class="dim">–</span>`;
  const range = low === null ? "" : `, 95 % ${shortScore(low)} to ${shortScore(high)}`;
  const whisker = low === null ? nothing : svg`<line class="line" x1=${place(low)} x2=${place(high)} y1="10" y2="10" />`;
  return html`<svg class="whisker" role="img" aria-label="mean ${shortScore(mean)}${range}" height="20">${scaleRules(passAt, 20)}
    ${whisker}<circle class=${low === null ? "ring" : "dot"} cx=${place(mean)} cy="10" r="4.500" /></svg>`;
}

/** A heading of a part of the page, with a few words on what it shows. */
export function partHead(title, about = nothing) {
  return html`<h2>${title} <span>${about}</span></h2>`;
}

/** What each part of the grade lost, or gained, as bars on one scale. */
export function partBars(parts, signed) {
  const most = Math.max(...parts.map(([, points]) => Math.abs(points)), CENT);
  const bar = (points) => {
    const share = 100 * Math.abs(points) / most;
    if (!signed) return svg`<rect class="lost" x="0" width=${`${share}%`} height="9" />`;
    return svg`<rect class=${points < 0 ? "bad" : "good"} x=${`${points < 0 ? 50 - share / 2 : 50}%`} width=${`${share / 2}%`} height="9" />`;
  };
  const value = (points) => (signed ? signedScore(points) : `−${shortScore(points)}`);
  const row = ([name, points]) => html`<tr><th scope="row">${breakableName(plainName(name))}</th>
    <td class="axis"><svg class="bars" height="9" aria-hidden="true">${bar(points)}</svg></td>
    <td class=${signed && points > 0 ? "good" : "bad"}>${value(points)}</td></tr>`;
  const large = new Set([...parts].sort((one, other) => Math.abs(other[1]) - Math.abs(one[1])).slice(0, SHOWN_PARTS));
  const shown = parts.filter((each) => large.has(each));
  const rest = parts.filter((each) => !large.has(each));
  const more = rest.length ? html`<details><summary class="dim">${counted(rest.length, "more part")}</summary>
    <table class="parts">${rest.map(row)}</table></details>` : nothing;
  return html`<table class="parts"><tbody>${shown.map(row)}</tbody></table>${more}`;
}

/** Figures under their names, those without a value left out: pairs of a name and what to show. */
export function figureList(figures) {
  const known = figures.filter(([, value]) => value !== null);
  return html`<dl class="figures">${known.map(([name, value, kind]) => html`<div class=${kind ?? ""}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** Tokens read and written; at least so many if some replies came without a count. */
export function tokenText(input, output, unmetered = 0) {
  const least = unmetered ? "≥ " : "";
  return `${least}${compactNumber(input)} · ${compactNumber(output)}`;
}

/** The commands that print the same. */
export function commandLines(commands) {
  return html`<p class="commands"><span class="dim">In the terminal:</span> ${commands.map((each) => html`<code>${visibleText(each)}</code> `)}</p>`;
}

/** By whom scores are, if not by the rubrics that the episodes recorded. */
export function headingLine({ heading }) {
  return heading ? html`<p><b>${visibleText(heading)}</b></p>` : nothing;
}

/** What graded and judged episodes are still missing, if any. */
export function missingNotice(missing) {
  return missing ? html`<p class="dim" role="status">${counted(missing, "episode")} still to be graded or judged: this page follows.</p>` : nothing;
}

/** The mark of the run at *number*, in a box of 12 by 12 around x, y; a shape and a colour each. */
export function seriesMark(number, x, y, kind = "") {
  const name = `series s${number} ${kind}`;
  const at = `translate(${x} ${y})`;
  switch (SHAPES[number]) {
    case "circle": return svg`<circle class=${name} transform=${at} r="5" />`;
    case "square": return svg`<rect class=${name} transform=${at} x="-4.500" y="-4.500" width="9" height="9" />`;
    case "triangle": return svg`<path class=${name} transform=${at} d="M0 -5.500L5.500 4.500H-5.500z" />`;
    case "diamond": return svg`<path class=${name} transform=${at} d="M0 -6L5 0L0 6L-5 0z" />`;
    case "cross": return svg`<path class=${name} transform=${at} d="M-2 -6h4v4h4v4h-4v4h-4v-4h-4v-4h4z" />`;
    default: return svg`<path class=${name} transform=${at} d="M0 -6L1.700 -1.700L6 0L1.700 1.700L0 6L-1.700 1.700L-6 0L-1.700 -1.700z" />`;
  }
}

/** The mark of a run in running text. */
export function seriesSign(number) {
  return html`<svg class="sign" width="13" height="13" aria-hidden="true">${seriesMark(number, 6.5, 6.5)}</svg>`;
}

function costTicks(least, most) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power += 1) {
    for (const digit of [1, 2, 5]) ticks.push(digit * 10 ** power);
  }
  return ticks.filter((each) => each >= least && each <= most);
}

/** Mean score against the cost of an episode, on a logarithmic scale: runs with `name`, `cost`, `mean`, `low`, `high`. */
export function costPlot(runs, passAt) {
  const known = runs.map((run, number) => ({ ...run, number })).filter(({ cost, mean }) => cost > 0 && mean !== null);
  if (!known.length) return html`<p class="dim">No run has a known cost.</p>`;
  const costs = known.map(({ cost }) => cost);
  const [least, most] = [Math.min(...costs) / 1.8, Math.max(...costs) * 1.8];
  const x = (cost) => PLOT.left + (PLOT.wide - PLOT.left) * Math.log(cost / least) / Math.log(most / least);
  const y = (score) => PLOT.top + PLOT.high * (1 - Math.max(0, Math.min(1, score)));
  const base = PLOT.top + PLOT.high;
  const told = known.map(({ name, cost, mean }) => `${plainLine(name)} ${shortScore(mean)} for ${dollars(cost)}`).join("; ");
  const ticks = costTicks(least, most);
  const spaced = ticks.filter((each, at) => at === 0 || x(each) - x(ticks[at - 1]) > 34 || at % 2 === 0);
  return html`<svg class="plot cost" role="img" aria-label="mean score against cost of an episode: ${told}" width=${PLOT.wide + 8} height=${base + PLOT.bottom}>
    ${[0, 0.25, 0.5, 0.75, 1].map((score) => svg`<line class="rule" x1=${PLOT.left} x2=${PLOT.wide} y1=${y(score)} y2=${y(score)} />
      <text x=${PLOT.left - 6} y=${y(score) + 4} text-anchor="end">${score}</text>`)}
    <line class="due" x1=${PLOT.left} x2=${PLOT.wide} y1=${y(passAt)} y2=${y(passAt)} />
    ${spaced.map((each) => svg`<text x=${x(each)} y=${base + 18} text-anchor="middle">$${Number(each.toPrecision(1))}</text>`)}
    <text class="dim" x=${(PLOT.left + PLOT.wide) / 2} y=${base + 38} text-anchor="middle">cost of an episode (log), score up</text>
    ${known.map(({ cost, mean, low, high, number }) => svg`${low === null ? nothing : svg`<line class="series s${number} line" x1=${x(cost)} x2=${x(cost)} y1=${y(low)} y2=${y(high)} />`}
      ${seriesMark(number, x(cost), y(mean))}`)}</svg>
    <p class="key">${known.map(({ name, number, cost }) => html`<span>${seriesSign(number)} ${shortName(name)} <span class="dim">${dollars(cost)}</span></span>`)}</p>`;
}

/** A table that is stacked on a phone: heads as pairs of a class and a title, rows of the same classes. */
export function stackedTable(caption, heads, rows) {
  return html`<table class="stacked"><caption class="hidden">${caption}</caption>
    <thead><tr>${heads.map(([kind, title]) => html`<th scope="col" class=${kind}>${title}</th>`)}</tr></thead><tbody>${rows}</tbody></table>`;
}
