// Icons as SVG paths: as characters, some fonts draw them as emoji, or as an empty box.
import { html, svg } from "./vendor/lit-html.js";

const BUTTONS = {
  first: "M3 2h2v12H3zM14 2v12L6 8z",
  back: "M12 2v12L4 8z",
  play: "M4 2l9 6-9 6z",
  pause: "M4 2h3v12H4zM9 2h3v12H9z",
  on: "M4 2v12l8-6z",
  last: "M11 2h2v12h-2zM2 2v12l8-6z",
  markBack: "M13 2h1.6v12H13zM13 3v6H7.5l1.5-3-1.500-3zM1 8l5-4v8z",
  markOn: "M1.400 2H3v12H1.400zM3 3h5.500L7 6l1.500 3H3zM15 8l-5-4v8z",
};

/** Status glyphs in a box of 12 by 12; their shapes differ, so that colour is never needed. */
const GLYPHS = {
  pending: svg`<circle cx="6" cy="6" r="3.600" class="line"/>`,
  ready: svg`<circle cx="6" cy="6" r="4.400" class="line"/><circle cx="6" cy="6" r="1.700"/>`,
  run: svg`<path d="M3 1.500l7 4.500-7 4.500z"/>`,
  done: svg`<path d="M2 6.500l3 3 5-7" class="line"/>`,
  fail: svg`<path d="M2.500 2.500l7 7M9.500 2.500l-7 7" class="line"/>`,
  gone: svg`<circle cx="6" cy="6" r="4.400" class="line"/><path d="M3 9l6-6" class="line"/>`,
  flag: svg`<path d="M3 1v10" class="line"/><path d="M3 1.500h6.500L7.500 4l2 2.500H3z"/>`,
  none: svg``,
};

export function icon(kind) {
  return html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
    <path d=${BUTTONS[kind]} /></svg>`;
}

/** A glyph inside a drawing, its upper left corner at x, y. */
export function glyph(kind, x, y) {
  return svg`<g class="glyph" transform="translate(${x} ${y})">${GLYPHS[kind]}</g>`;
}

/** A glyph in running text. */
export function inlineGlyph(kind) {
  return html`<svg class="icon glyph" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
    ${GLYPHS[kind]}</svg>`;
}
