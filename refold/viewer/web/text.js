// Text from anywhere, shown as text: what could steer its display becomes a chip that names it.
import { html, nothing } from "./vendor/lit-html.js";

const UNSEEN = /[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?![\n\t])\p{Cc}/u;
const PIECES = /([\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?![\n\t])\p{Cc})/u;
const LONG = 1200;

function chip(letter) {
  const code = letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
  return html`<span class="chip">U+${code}</span>`;
}

function marked(text, term) {
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

/** The text, with chips, and with what fits the search term marked. */
export function shown(text, term = "") {
  if (!UNSEEN.test(text)) return marked(text, term);
  return text.split(PIECES).map((piece, place) => (place % 2 ? chip(piece) : marked(piece, term)));
}

/** The text as one plain line, for attributes and SVG, where chips cannot be. */
export function flat(text) {
  return text.split(PIECES).map((piece, place) =>
    place % 2 ? `[U+${piece.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]` : piece
  ).join("").replace(/\s+/g, " ");
}

/** An id or a path, which may break after underscores and dots only. */
export function name(text) {
  const pieces = String(text).split(/(?<=[_.])/);
  return pieces.map((piece, place) => (place ? html`<wbr>${shown(piece)}` : shown(piece)));
}

/** A longer text as it was written; above 1,200 characters it is folded, its length named. */
export function block(text, term = "", kind = "") {
  const body = html`<pre class="text ${kind}" dir="auto">${shown(text, term)}</pre>`;
  if (text.length <= LONG) return body;
  const first = flat(text.slice(0, 160));
  return html`<details class="long" ?open=${Boolean(term) && text.toLowerCase().includes(term)}>
    <summary><span class="dim">${text.length.toLocaleString("en")} characters</span> ${first}…</summary>
    ${body}
  </details>`;
}

/** A number with its sign, to four places at most. */
export function signed(value) {
  const text = Math.abs(value).toFixed(4).replace(/0+$/, "").replace(/\.$/, "");
  if (text === "0") return "0";
  return (value < 0 ? "−" : "+") + text;
}

/** A number as short as it is exact to four places. */
export function plain(value) {
  return String(Math.round(value * 10000) / 10000);
}

/** The class of a number that may be good or bad. */
export function tone(value) {
  return value < 0 ? "bad" : value > 0 ? "good" : "dim";
}

/** A JSON value in a cell. */
export function cell(value) {
  if (value === null || value === undefined) return html`<span class="dim">–</span>`;
  if (typeof value === "string") return name(value);
  if (Array.isArray(value) && value.every((each) => each === null || typeof each !== "object")) {
    return value.length ? value.map((each, place) => html`${place ? ", " : nothing}${cell(each)}`)
      : html`<span class="dim">none</span>`;
  }
  return typeof value === "object" ? shown(JSON.stringify(value)) : String(value);
}

/** The longest beginning of the text that fits so many pixels, at about so many a letter. */
export function fitted(text, pixels, each = 6.6) {
  const letters = Math.floor(pixels / each);
  const line = flat(text);
  if (line.length <= letters) return line;
  return letters < 3 ? "" : `${line.slice(0, letters - 1)}…`;
}
