// One episode: a position, a selection, and everything that shows them.
import { html, svg, render, nothing } from "./vendor/lit-html.js";
import { positions } from "./fold.js";
import { icon, inline } from "./icons.js";
import { kept, listen, otherTheme } from "./keys.js";
import { readAddress, writeAddress } from "./address.js";
import { DIALOGS, dialog, openDialog, settle } from "./dialogs.js";
import { drawTimeline, stepWidth, timeline } from "./lanes.js";
import { PANELS } from "./panels.js";
import { flat, name, shown, signed, tone } from "./text.js";
import { drawingOf } from "./families.js";

const PACE = 700;
const OUTSIDE = new Set(["world", "sla", "operator"]);

/** What is made of a document once, before anything is shown. */
function prepared(doc) {
  const family = drawingOf(doc.episode);
  return { doc, family, made: family.prepare(doc), line: timeline(doc, family), views: positions(doc), texts: null };
}

function begin(doc, around) {
  return {
    ...prepared(doc), panels: { ...PANELS, ...around.panels }, dialogs: { ...DIALOGS, ...around.dialogs },
    at: 0, fresh: 0, tab: "step", seq: null, picked: null, hide: false, playing: null,
    letters: kept("letters") !== "off", dialog: null, asked: null, opening: false,
    find: { term: "", hits: new Set(), order: [], place: -1 }, rows: new Map(),
    width: 0, height: 0, lineWidth: 0,
    get tabs() { return Object.keys(this.panels); },
    get view() { return this.views[this.at]; },
    get before() { return this.views[Math.max(0, this.at - 1)]; },
    get last() { return this.doc.steps.length; },
  };
}

function words(s) {
  const step = s.doc.steps[s.at - 1];
  if (!step) return `start of ${s.last} steps`;
  return `step ${s.at} of ${s.last}: ${flat(step.say)}${step.error ? `, refused: ${flat(step.error)}` : ""}`;
}

function figure(label, value, kind = "") {
  return html`<div><dt>${label}</dt><dd class=${kind}>${value}</dd></div>`;
}

function header(s, { back, notice }) {
  const { episode, scenario } = s.doc;
  const about = [scenario.title, episode.agent.name, `seed ${episode.seed}`, `rules ${episode.rules}`,
    episode.labels.run && `run ${episode.labels.run}`].filter(Boolean).join(" · ");
  const future = s.hide && s.at < s.last;
  return html`<header><div class="what">
      ${back ? html`<button type="button" class="back" @click=${back.go}>← ${back.text}</button>` : nothing}
      <h1>${back ? html`<span class="tag ${back.tag}">${back.tag.toUpperCase()}</span> ` : nothing}${name(episode.scenario)}</h1><p class="dim">${shown(about)}${episode.fork_of
        ? html` · fork of ${name(episode.fork_of.id)} at ${episode.fork_of.at}` : nothing}</p>${notice?.(s) ?? nothing}</div>
    <dl class="figures">
      ${figure("score", future || episode.score === null ? "–" : episode.score.toFixed(4))}
      ${figure("reward", future ? "–" : signed(episode.total_reward), future ? "" : tone(episode.total_reward))}
      ${figure("ended", episode.ended === "running" ? html`<span class="badge">unfinished</span>`
        : html`${episode.ended}<span class="dim reason"> ${name(episode.reason)}</span>`)}
      ${figure("digest", html`<code title=${episode.digest}>${episode.digest.slice(0, 12)}</code>`)}
    </dl></header>`;
}

function button(kind, label, action, off = false, extra = "") {
  return html`<button type="button" class="tool ${extra}" title=${label} aria-label=${label} ?disabled=${off}
    @click=${action}>${icon(kind)}</button>`;
}

function marks(s) {
  const shownMarks = s.doc.marks.filter((mark) => !s.hide || mark[0] <= s.at);
  return html`<svg class="marks" height="8" aria-hidden="true">${shownMarks.map(([at, kind, say]) => svg`<rect
    class=${OUTSIDE.has(kind) ? "mark" : "bad"} x="${(100 * at) / Math.max(1, s.last)}%" y="1" width="5" height="6"
    transform="translate(-2.500 0)" @click=${() => s.seek(at)}><title>step ${at}: ${flat(say)}</title></rect>`)}</svg>`;
}

function transport(s) {
  const end = s.at === s.last;
  return html`<nav class="transport" aria-label="Steps">
    <div class="tools">
      ${button("first", "Start (Home)", () => s.seek(0), !s.at, "wide")}
      ${button("back", "Step back (←)", () => s.seek(s.at - 1), !s.at)}
      ${button(s.playing ? "pause" : "play", s.playing ? "Pause (Space)" : "Play (Space)", () => s.play(), !s.last)}
      ${button("on", "Step on (→)", () => s.seek(s.at + 1), end)}
      ${button("last", "Last step (End)", () => s.seek(s.last), end, "wide")}</div>
    <div class="slider"><input type="range" min="0" max=${s.last} step="1" .value=${String(s.at)} aria-label="Position"
      aria-valuetext=${words(s)} @input=${(event) => s.seek(Number(event.target.value))}>${marks(s)}</div>
    <div class="tools">
      ${button("markBack", "Previous mark ([)", () => s.toMark(-1), !s.doc.marks.some((mark) => mark[0] < s.at))}
      ${button("markOn", "Next mark (])", () => s.toMark(1), !s.doc.marks.some((mark) => mark[0] > s.at))}
      <span class="count">${s.at} / ${s.last}</span>
      ${s.fresh ? html`<button type="button" class="fresh" title="Go to the last (End)" @click=${() => s.seek(s.last)}>${s.fresh} new</button>` : nothing}
      <button type="button" class="tool wide" title="Keys (?)" aria-label="Keys" @click=${() => s.ask("keys")}>?</button></div>
  </nav>`;
}

function tabs(s) {
  const move = (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way) return;
    event.preventDefault();
    s.open(s.tabs[(s.tabs.indexOf(s.tab) + way + s.tabs.length) % s.tabs.length]);
    event.currentTarget.querySelector("[aria-selected=true]").focus();
  };
  return html`<div role="tablist" aria-label="About this step" @keydown=${move}>${s.tabs.map((tab, place) => html`<button
    type="button" role="tab" id="tab-${tab}" aria-controls="panel" aria-selected=${tab === s.tab}
    tabindex=${tab === s.tab ? 0 : -1} @click=${() => s.open(tab)}>${tab[0].toUpperCase() + tab.slice(1)}<kbd
    aria-hidden="true">${place + 1}</kbd></button>`)}</div>`;
}

function marksHere(s) {
  const here = s.doc.marks.filter((mark) => mark[0] === s.at && OUTSIDE.has(mark[1]));
  return here.length ? html`<p class="here">${here.map((mark) =>
    html`<span class="mark">${inline("flag")} ${shown(mark[2])}</span>`)}</p>` : nothing;
}

function shell(s, around) {
  const state = {
    at: s.at, picked: s.picked, pick: s.pick, before: s.before, width: s.width, height: s.height, hide: s.hide,
    look: s.look?.() ?? null,
  };
  return html`<div class="episode ${s.hide ? "blind" : ""}">${header(s, around)}${transport(s)}
    <main>
      <section class="picture" aria-label="Picture">${s.width ? s.family.picture(s.made, s.doc, s.view, state) : nothing}</section>
      <section class="timeline" aria-label="Timeline">${s.width ? drawTimeline(s.line, s.doc, {
        at: s.at, hide: s.hide, width: s.lineWidth, picked: s.picked, seek: s.seek, pick: s.pick,
      }) : nothing}</section>
      <section class="side">${tabs(s)}<div id="panel" role="tabpanel" tabindex="0" aria-labelledby="tab-${s.tab}">
        ${s.doc.omitted.length && s.tab === "step" ? html`<p class="dim">Left out: ${s.doc.omitted.map((each) => each.what).join(", ")}.</p>` : nothing}
        ${s.tab === "step" ? marksHere(s) : nothing}${s.width ? s.panels[s.tab](s) : nothing}</div></section>
    </main>${dialog(s)}<p class="hidden" role="status">${s.playing ? "" : words(s)}</p></div>`;
}

function measure(root, s) {
  const [pane, line] = [root.querySelector(".picture"), root.querySelector(".timeline")];
  const sizes = { width: pane.clientWidth, height: pane.clientHeight, lineWidth: line.clientWidth };
  const changed = Object.keys(sizes).some((key) => sizes[key] !== s[key]);
  Object.assign(s, sizes);
  return changed;
}

/** Scrolls a pane only if the box from *start* to *end* is not in view. */
function reveal(pane, way, start, end) {
  const [offset, size] = way === "x" ? ["scrollLeft", "clientWidth"] : ["scrollTop", "clientHeight"];
  const from = pane[offset];
  if (start >= from && end <= from + pane[size]) return;
  pane[offset] = Math.max(0, (start + end - pane[size]) / 2);
}

function follow(root, s) {
  const line = root.querySelector(".timeline");
  const w = stepWidth(s.lineWidth, s.last);
  const labels = s.lineWidth < 500 ? 118 : 148;
  if (w * s.last + labels > s.lineWidth) {
    reveal(line, "x", Math.max(0, (s.at - 1) * w), s.at * w + labels + 2 * w);
  }
  const acted = root.querySelector(".graph .acted rect");
  const pane = root.querySelector(".picture");
  if (acted && (pane.scrollWidth > pane.clientWidth || pane.scrollHeight > pane.clientHeight)) {
    const [box, outer] = [acted.getBoundingClientRect(), pane.getBoundingClientRect()];
    const [x, y] = [box.left - outer.left + pane.scrollLeft, box.top - outer.top + pane.scrollTop];
    reveal(pane, "x", x - 20, x + box.width + 20);
    reveal(pane, "y", y - 20, y + box.height + 20);
  }
  if (s.tab === "events") root.querySelector(".events .here, .events .picked")?.scrollIntoView({ block: "nearest" });
}

function readHash(s) {
  const given = readAddress();
  const at = Number.parseInt(given.get("step") ?? "", 10);
  if (!Number.isNaN(at)) s.at = Math.max(0, Math.min(s.last, at));
  if (s.tabs.includes(given.get("tab"))) s.tab = given.get("tab");
  const picked = given.get("sel");
  s.picked = picked !== null && s.family.has(s.made, picked) ? picked : null;
  const seq = Number.parseInt(given.get("seq") ?? "", 10);
  s.seq = seq >= 0 && seq < s.doc.events.length ? seq : null;
}

function momentOf(s, extra) {
  const parts = new URLSearchParams({ ...extra, step: String(s.at) });
  if (s.tab !== "step") parts.set("tab", s.tab);
  if (s.picked !== null) parts.set("sel", s.picked);
  if (s.seq !== null) parts.set("seq", String(s.seq));
  return parts;
}

function textsOf(doc) {
  const texts = new Map(doc.events.map((event) => [event[0], event[4].toLowerCase()]));
  for (const each of doc.exchanges) {
    const answer = each.reply;
    const all = [answer?.text, ...(answer?.tool_calls ?? []).map((call) => call.arguments),
      ...each.sent.map((sent) => (typeof sent.content === "string" ? sent.content : ""))];
    texts.set(each.seq, `${texts.get(each.seq)}\n${all.filter(Boolean).join("\n").toLowerCase()}`);
  }
  return texts;
}

function addMoves(s, update) {
  s.set = (changes) => { Object.assign(s, changes); update(); };
  s.ask = (which) => openDialog(s, which);
  s.seek = (at) => {
    const to = Math.max(0, Math.min(s.last, Number.isFinite(at) ? at : 0));
    if (to === s.at) return;
    s.set({ at: to, seq: null, fresh: to === s.last ? 0 : s.fresh });
  };
  s.renew = (doc) => {
    const [follows, known] = [s.at === s.last, s.last];
    s.rows.clear();
    Object.assign(s, prepared(doc));
    if (s.find.term) s.find = { ...findings(s, s.find.term), place: s.find.place };
    if (follows) s.set({ at: s.last, seq: s.last > known ? null : s.seq });
    else s.set({ fresh: s.fresh + s.last - known });
  };
  s.open = (tab) => { s.rows.clear(); s.set({ tab }); };
  s.pick = (id) => s.set({ picked: s.picked === id ? null : id });
  s.toEvent = (seq, tab = s.tab) => {
    if (!(seq >= 0 && seq < s.doc.events.length)) return;
    if (tab !== s.tab) s.rows.clear();
    s.set({ seq, tab, at: Math.max(0, Math.min(s.last, s.doc.events[seq][1] + 1)) });
  };
  s.byEvent = (way) => {
    const at = s.seq ?? (s.at ? s.doc.steps[s.at - 1].seq[way < 0 ? 0 : 1] : 0);
    s.toEvent(at + way);
  };
  s.toMark = (way) => {
    const places = s.doc.marks.map((mark) => mark[0]).filter((at) => (way > 0 ? at > s.at : at < s.at));
    if (places.length) s.seek(way > 0 ? Math.min(...places) : Math.max(...places));
  };
  s.play = () => {
    if (s.playing) {
      clearInterval(s.playing);
      return s.set({ playing: null });
    }
    const tick = () => (s.at < s.last ? s.seek(s.at + 1) : s.play());
    return s.set({ at: s.at < s.last ? s.at : 0, playing: setInterval(tick, PACE) });
  };
}

function findings(s, term) {
  s.texts ??= textsOf(s.doc);
  const order = term ? [...s.texts].filter(([, each]) => each.includes(term)).map(([seq]) => seq) : [];
  return { term, hits: new Set(order), order };
}

function addFind(s, root) {
  s.search = (text) => s.set({ find: { ...findings(s, text.toLowerCase()), place: -1 } });
  s.findNext = (way) => {
    const { order } = s.find;
    if (!order.length) return;
    s.find.place = (s.find.place + way + order.length) % order.length;
    s.toEvent(order[s.find.place]);
    root.querySelector(".events .picked")?.scrollIntoView({ block: "nearest" });
  };
}

function keysOf(s, root) {
  const open = (dialogName) => () => s.ask(dialogName);
  return {
    ArrowLeft: () => s.seek(s.at - 1), ArrowRight: () => s.seek(s.at + 1),
    ShiftArrowLeft: () => s.toMark(-1), ShiftArrowRight: () => s.toMark(1),
    "[": () => s.toMark(-1), "]": () => s.toMark(1),
    Home: () => s.seek(0), End: () => s.seek(s.last), " ": () => s.play(),
    ",": () => s.byEvent(-1), ".": () => s.byEvent(1),
    ...Object.fromEntries(s.tabs.map((tab, place) => [String(place + 1), () => {
      s.open(tab);
      root.querySelector("#panel [data-first]")?.focus();
    }])),
    "/": () => { s.open("events"); root.querySelector(".find input").focus(); },
    n: () => s.findNext(1), N: () => s.findNext(-1),
    g: open("go"), f: open("fork"), d: open("compare"), "?": open("keys"),
    c: () => { s.write(); s.ask("link"); },
    t: otherTheme, z: () => s.set({ hide: !s.hide }),
    Escape: () => s.set({ picked: null, seq: null }),
  };
}

/**
 * Shows the episode *doc* in *root*; returns how to take it away.
 *
 * *around* is what it is a part of, if it is: `hash` holds what of the address is not the
 * episode's, `back` leads to where it was opened, `notice` stands in the header, `panels` are
 * further tabs, `dialogs` stand in for those here, and `attach` is told the state when it is
 * shown, which `renew` gives another document; it returns how to detach.
 */
export function showEpisode(root, doc, around = {}) {
  const s = begin(doc, around);
  let writing = null;
  let drawnAt = -1;
  let left = false;
  const draw = () => {
    if (left) return;
    render(shell(s, around), root);
    settle(root, s);
    if (drawnAt !== s.at) {
      drawnAt = s.at;
      follow(root, s);
    }
  };
  const update = () => {
    if (left) return;
    draw();
    clearTimeout(writing);
    writing = setTimeout(s.write, 120);
  };
  s.write = () => writeAddress(momentOf(s, around.hash));
  addMoves(s, update);
  addFind(s, root);
  const detach = around.attach?.(s) ?? (() => {});
  s.at = doc.episode.ended === "running" ? s.last : Math.max(0, Math.min(s.last, Number(root.dataset.step ?? 0)));
  readHash(s);
  render(shell(s, around), root);
  measure(root, s);
  draw();
  const onHash = () => { s.rows.clear(); readHash(s); draw(); };
  const sizes = new ResizeObserver(() => { if (measure(root, s)) draw(); });
  for (const pane of root.querySelectorAll(".picture, .timeline")) sizes.observe(pane);
  window.addEventListener("hashchange", onHash);
  const deaf = listen(keysOf(s, root), () => s.letters);
  return () => {
    left = true;
    detach();
    clearInterval(s.playing);
    clearTimeout(writing);
    sizes.disconnect();
    window.removeEventListener("hashchange", onHash);
    deaf();
  };
}
