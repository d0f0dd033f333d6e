// Text from anywhere, shown as text: invisible characters, which can steer display, become chips.
import { html, nothing } from "./vendor/lit-html.js";

const INVISIBLE = /[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?![\n\t])\p{Cc}/u;
const INVISIBLE_PIECES = /([\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?![\n\t])\p{Cc})/u;
const FOLD_ABOVE = 1200;

function chip(letter) {
  const code = letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
  return html`<span class="chip">U+${code}</span>`;
}

function markTerm(text, term) {
  if (!term) return text;
  const lower = text.toLowerCase();
  const pieces = [];
  let from = 0;
  for (let at = lower.indexOf(term); at >= 0; at = lower.indexOf(term, from)) {
    pieces.push(text.slice(from, at), html`<mark>${text.slice(at, at + term.length)}</mark>`);
    from = at + term.length;
  }
  return from ? [...pieces, text.slice(from)] : text;
}

/** The text with chips, and with matches of the search term marked. */
export function visibleText(text, term = "") {
  if (!INVISIBLE.test(text)) return markTerm(text, term);
  return text.split(INVISIBLE_PIECES).map((piece, place) => (place % 2 ? chip(piece) : markTerm(piece, term)));
}

/** The text as one plain line, for attributes and SVG, which cannot hold chips. */
export function plainLine(text) {
  return text.split(INVISIBLE_PIECES).map((piece, place) =>
    place % 2 ? `[U+${piece.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]` : piece
  ).join("").replace(/\s+/g, " ");
}

/** An id or a path; lines may break after its underscores and dots only. */
export function breakableName(text) {
  const pieces = String(text).split(/(?<=[_.])/);
  return pieces.map((piece, place) => (place ? html`<wbr>${visibleText(piece)}` : visibleText(piece)));
}

/** A longer text as it was written; above 1,200 characters it is folded, with its length. */
export function textBlock(text, term = "", kind = "") {
  const body = html`<pre class="text ${kind}" dir="auto">${visibleText(text, term)}</pre>`;
  if (text.length <= FOLD_ABOVE) return body;
  const first = plainLine(text.slice(0, 160));
  return html`<details class="long" ?open=${Boolean(term) && text.toLowerCase().includes(term)}>
    <summary><span class="dim">${text.length.toLocaleString("en")} characters</span> ${first}…</summary>
    ${body}
  </details>`;
}

/** A number with its sign, to four places at most. */
export function signedNumber(value) {
  const text = Math.abs(value).toFixed(4).replace(/0+$/, "").replace(/\.$/, "");
  if (text === "0") return "0";
  return (value < 0 ? "−" : "+") + text;
}

/** Lost points with two decimal places, as a loss. */
export function lostPoints(points) {
  return `−${points.toFixed(2)}`;
}

/** The name of a part of a grade as words. */
export function plainName(name) {
  return name.replaceAll("_", " ");
}

/** A large number in few letters. */
export function compactNumber(value) {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} M`;
  return value >= 1e4 ? `${Math.round(value / 1e3)} k` : value.toLocaleString("en");
}

/** A number with up to four decimal places. */
export function shortNumber(value) {
  return String(Math.round(value * 10000) / 10000);
}

/** The CSS class for a number: good above zero, bad below. */
export function toneClass(value) {
  return value < 0 ? "bad" : value > 0 ? "good" : "dim";
}

/** A number of JSON without the noise that sums of floats end in. */
function plainNumber(value) {
  return Number.isInteger(value) ? value : Number(value.toPrecision(10));
}

/** A JSON value as the content of a table cell. */
export function valueCell(value) {
  if (value === null || value === undefined) return html`<span class="dim">–</span>`;
  if (typeof value === "string") return breakableName(value);
  if (Array.isArray(value) && value.every((each) => each === null || typeof each !== "object")) {
    return value.length ? value.map((each, place) => html`${place ? ", " : nothing}${valueCell(each)}`)
      : html`<span class="dim">none</span>`;
  }
  if (typeof value === "number") return String(plainNumber(value));
  if (typeof value !== "object") return String(value);
  return visibleText(JSON.stringify(value, (_, each) => (typeof each === "number" ? plainNumber(each) : each)));
}

/** The longest prefix of the text that fits so many *pixels*, at about *each* for a letter. */
export function fitText(text, pixels, each = 6.6) {
  const letters = Math.floor(pixels / each);
  const line = plainLine(text);
  if (line.length <= letters) return line;
  return letters < 3 ? "" : `${line.slice(0, letters - 1)}…`;
}
