// The view of one episode: a position, a selection, and everything that shows them.
import { html, svg, render, nothing } from "./vendor/lit-html.js";
import { viewsOf } from "./fold.js";
import { icon, inlineGlyph } from "./icons.js";
import { readSetting, listenToKeys, toggleTheme } from "./keys.js";
import { readAddress, writeAddress } from "./address.js";
import { DIALOGS, renderDialog, openDialog, syncDialog } from "./dialogs.js";
import { drawTimeline, OUTSIDE_MARKS, legend, stepWidth, prepareTimeline } from "./lanes.js";
import { PANELS } from "./panels.js";
import { findTurn, foldTurns, newTalk, scrollToTurn, transcriptPanel } from "./transcript.js";
import { firstPosition, seesVerdict, verdictBand } from "./verdict.js";
import { plainLine, breakableName, compactNumber, visibleText, signedNumber, toneClass } from "./text.js";
import { drawingOf } from "./families.js";

const PLAY_INTERVAL = 700; // ms

/** Everything computed from a document once, before anything is drawn. */
function prepareDocument(doc) {
  const family = drawingOf(doc.episode);
  return { doc, family, made: family.prepare(doc), line: prepareTimeline(doc, family), views: viewsOf(doc), texts: null };
}

/** The tab that an episode opens with: the transcript, where the environment speaks in messages. */
function firstTab(doc) {
  return Array.isArray(doc.start.observation?.messages) ? "transcript" : "step";
}

function initialState(doc, around) {
  return {
    ...prepareDocument(doc), panels: { ...PANELS, ...around.panels, transcript: transcriptPanel }, dialogs: { ...DIALOGS, ...around.dialogs },
    at: 0, fresh: 0, tab: firstTab(doc), seq: null, picked: null, hide: false, playing: null,
    letters: readSetting("letters") !== "off", dialog: null, asked: null, opening: false,
    find: { term: "", hits: new Set(), order: [], place: -1 }, talk: newTalk(), rows: new Map(),
    width: 0, height: 0, lineWidth: 0,
    get tabs() { return Object.keys(this.panels); },
    get view() { return this.views[this.at]; },
    get before() { return this.views[Math.max(0, this.at - 1)]; },
    get last() { return this.doc.steps.length; },
  };
}

function positionText(s) {
  const step = s.doc.steps[s.at - 1];
  if (!step) return `start of ${s.last} steps`;
  return `step ${s.at} of ${s.last}: ${plainLine(step.say)}${step.error ? `, refused: ${plainLine(step.error)}` : ""}`;
}

function figure(label, value, kind = "") {
  return html`<div><dt>${label}</dt><dd class=${kind}>${value}</dd></div>`;
}

/** Tokens, cost and time of the model, as far as they are known. */
function usageFigures({ exchanges }) {
  const replies = exchanges.map((each) => each.reply).filter(Boolean);
  const used = replies.map((reply) => reply.usage).filter(Boolean);
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const [input, output] = [sum(used.map((each) => each.input)), sum(used.map((each) => each.output))];
  const costs = used.map((each) => each.cost).filter((each) => typeof each === "number");
  const seconds = sum(exchanges.map((each) => each.latency_ms)) / 1000;
  const minutes = Math.floor(seconds / 60);
  return [
    input + output && figure("tokens in, out", `${compactNumber(input)} · ${compactNumber(output)}`),
    costs.length && costs.length === replies.length && figure("cost", `$${sum(costs).toFixed(2)}`),
    seconds && figure("model time", minutes ? `${minutes} min ${Math.round(seconds % 60)} s` : `${seconds.toFixed(1)} s`),
  ].filter(Boolean);
}

/** The best possible, if the log knows it. */
function optimumFigure({ optimum }, future) {
  if (future || !optimum) return nothing;
  const share = optimum.share === null ? "" : ` ${(100 * optimum.share).toFixed(1)}% of it`;
  return figure("optimum", html`${optimum.score.toFixed(4)}<span class="dim reason"
    title="regret ${optimum.regret.toFixed(4)}">${share}</span>`);
}

function figures(s) {
  const { episode, verdict } = s.doc;
  const future = s.doc.blind || (s.hide && s.at < s.last);
  const known = episode.score !== null && !future;
  return html`<dl class="figures">
    ${verdict || !known ? nothing : figure("score", episode.score.toFixed(4))}
    ${episode.ended === "running" ? figure("ended", html`<span class="badge">unfinished</span>`) : nothing}
    ${optimumFigure(s.doc, future)}
    ${figure("steps", episode.steps)}
    ${figure("reward", future ? "–" : signedNumber(episode.total_reward), future ? "" : toneClass(episode.total_reward))}
    ${future ? nothing : usageFigures(s.doc)}</dl>`;
}

function header(s, { back, notice }) {
  const { episode, scenario } = s.doc;
  const about = [scenario.title, episode.agent.name, `seed ${episode.seed_text ?? episode.seed}`,
    episode.labels.run && `run ${episode.labels.run}`].filter(Boolean).join(" · ");
  return html`<header><div class="what">
      ${back ? html`<button type="button" class="back" @click=${back.go}>← ${back.text}</button>` : nothing}
      <h1>${back ? html`<span class="tag ${back.tag}">${back.tag.toUpperCase()}</span> ` : nothing}${breakableName(episode.scenario)}</h1><p class="dim">${visibleText(about)}
        · <code title="digest ${episode.digest}">${(episode.id ?? episode.digest).slice(0, 8)}</code>${episode.fork_of
        ? html` · fork of ${breakableName(episode.fork_of.id)} at ${episode.fork_of.at}` : nothing}</p>${notice?.(s) ?? nothing}</div>
    ${figures(s)}</header>`;
}

function toolButton(kind, label, action, off = false, extra = "") {
  return html`<button type="button" class="tool ${extra}" title=${label} aria-label=${label} ?disabled=${off}
    @click=${action}>${icon(kind)}</button>`;
}

function markStrip(s) {
  const shownMarks = s.doc.marks.filter((mark) => !s.hide || mark[0] <= s.at);
  return html`<svg class="marks" height="8" aria-hidden="true">${shownMarks.map(([at, kind, say]) => svg`<rect
    class=${OUTSIDE_MARKS.has(kind) ? "mark" : "bad"} x="${(100 * at) / Math.max(1, s.last)}%" y="1" width="5" height="6"
    transform="translate(-2.500 0)" @click=${() => s.seek(at)}><title>step ${at}: ${plainLine(say)}</title></rect>`)}</svg>`;
}

function transport(s) {
  const end = s.at === s.last;
  return html`<nav class="transport" aria-label="Steps">
    <div class="tools">
      ${toolButton("first", "Start (Home)", () => s.seek(0), !s.at, "wide")}
      ${toolButton("back", "Step back (←)", () => s.seek(s.at - 1), !s.at)}
      ${toolButton(s.playing ? "pause" : "play", s.playing ? "Pause (Space)" : "Play (Space)", () => s.play(), !s.last)}
      ${toolButton("on", "Step on (→)", () => s.seek(s.at + 1), end)}
      ${toolButton("last", "Last step (End)", () => s.seek(s.last), end, "wide")}</div>
    <div class="slider"><input type="range" min="0" max=${s.last} step="1" .value=${String(s.at)} aria-label="Position"
      aria-valuetext=${positionText(s)} @input=${(event) => s.seek(Number(event.target.value))}>${markStrip(s)}</div>
    <div class="tools">
      ${toolButton("markBack", "Previous mark ([)", () => s.toMark(-1), !s.doc.marks.some((mark) => mark[0] < s.at))}
      ${toolButton("markOn", "Next mark (])", () => s.toMark(1), !s.doc.marks.some((mark) => mark[0] > s.at))}
      <span class="count">${s.at} / ${s.last}</span>
      ${s.fresh ? html`<button type="button" class="fresh" title="Go to the last (End)" @click=${() => s.seek(s.last)}>${s.fresh} new</button>` : nothing}
      <button type="button" class="tool wide" title="Keys (?)" aria-label="Keys" @click=${() => s.ask("keys")}>?</button></div>
  </nav>`;
}

function tabList(s) {
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
  const here = s.doc.marks.filter((mark) => mark[0] === s.at && OUTSIDE_MARKS.has(mark[1]));
  return here.length ? html`<p class="here">${here.map((mark) =>
    html`<span class="mark">${inlineGlyph("flag")} ${visibleText(mark[2])}</span>`)}</p>` : nothing;
}

function renderShell(s, around) {
  const state = {
    at: s.at, picked: s.picked, pick: s.pick, before: s.before, width: s.width, height: s.height, hide: s.hide,
    look: s.look?.() ?? null,
  };
  return html`<div class="episode ${s.hide ? "blind" : ""}">${header(s, around)}${verdictBand(s)}${transport(s)}
    <main class=${s.tab === "transcript" ? "reading" : ""}>
      <section class="picture" aria-label="Picture">${s.width ? s.family.picture(s.made, s.doc, s.view, state) : nothing}</section>
      <section class="timeline" aria-label="Timeline" tabindex="0">${s.width ? drawTimeline(s.line, s.doc, {
        at: s.at, hide: s.hide, width: s.lineWidth, picked: s.picked, seek: s.seek, pick: s.pick,
      }) : nothing}${legend(s.line, s.doc, s)}</section>
      <section class="side">${tabList(s)}<div id="panel" role="tabpanel" tabindex="0" aria-labelledby="tab-${s.tab}">
        ${s.doc.omitted.length && s.tab === "step" ? html`<p class="dim">Left out: ${s.doc.omitted.map((each) => each.what).join(", ")}.</p>` : nothing}
        ${s.tab === "step" ? marksHere(s) : nothing}${s.width ? s.panels[s.tab](s) : nothing}</div></section>
    </main>${renderDialog(s)}<p class="hidden" role="status">${s.playing ? "" : positionText(s)}</p></div>`;
}

function measurePanes(root, s) {
  const [pane, line] = [root.querySelector(".picture"), root.querySelector(".timeline")];
  const sizes = { width: pane.clientWidth, height: pane.clientHeight, lineWidth: line.clientWidth };
  const changed = Object.keys(sizes).some((key) => sizes[key] !== s[key]);
  Object.assign(s, sizes);
  return changed;
}

/** Scrolls a pane so that *start* to *end* is in view; does nothing if it is. */
function scrollIntoPane(pane, way, start, end) {
  const [offset, size] = way === "x" ? ["scrollLeft", "clientWidth"] : ["scrollTop", "clientHeight"];
  const from = pane[offset];
  if (start >= from && end <= from + pane[size]) return;
  pane[offset] = Math.max(0, (start + end - pane[size]) / 2);
}

function scrollToPosition(root, s) {
  const line = root.querySelector(".timeline");
  const w = stepWidth(s.lineWidth, s.last);
  const labels = s.lineWidth < 500 ? 118 : 148;
  if (w * s.last + labels > s.lineWidth) {
    scrollIntoPane(line, "x", Math.max(0, (s.at - 1) * w), s.at * w + labels + 2 * w);
  }
  const acted = root.querySelector(".graph .acted rect");
  const pane = root.querySelector(".picture");
  if (acted && (pane.scrollWidth > pane.clientWidth || pane.scrollHeight > pane.clientHeight)) {
    const [box, outer] = [acted.getBoundingClientRect(), pane.getBoundingClientRect()];
    const [x, y] = [box.left - outer.left + pane.scrollLeft, box.top - outer.top + pane.scrollTop];
    scrollIntoPane(pane, "x", x - 20, x + box.width + 20);
    scrollIntoPane(pane, "y", y - 20, y + box.height + 20);
  }
  if (s.tab === "transcript") scrollToTurn(root);
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

function addressOf(s, extra) {
  const parts = new URLSearchParams({ ...extra, step: String(s.at) });
  if (s.tab !== firstTab(s.doc)) parts.set("tab", s.tab);
  if (s.picked !== null) parts.set("sel", s.picked);
  if (s.seq !== null) parts.set("seq", String(s.seq));
  return parts;
}

function searchTexts(doc) {
  const texts = new Map(doc.events.map((event) => [event[0], event[4].toLowerCase()]));
  for (const each of doc.exchanges) {
    const answer = each.reply;
    const all = [answer?.text, answer?.reasoning, ...(answer?.tool_calls ?? []).map((call) => call.arguments),
      ...each.sent.map((sent) => (typeof sent.content === "string" ? sent.content : ""))];
    texts.set(each.seq, `${texts.get(each.seq)}\n${all.filter(Boolean).join("\n").toLowerCase()}`);
  }
  return texts;
}

function addActions(s, update) {
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
    Object.assign(s, prepareDocument(doc));
    s.talk.texts = null;
    if (s.find.term) s.find = { ...findHits(s, s.find.term), place: s.find.place };
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
    return s.set({ at: s.at < s.last ? s.at : 0, playing: setInterval(tick, PLAY_INTERVAL) });
  };
}

function findHits(s, term) {
  s.texts ??= searchTexts(s.doc);
  const order = term ? [...s.texts].filter(([, each]) => each.includes(term)).map(([seq]) => seq) : [];
  return { term, hits: new Set(order), order };
}

function addLinks(s, root) {
  s.toPart = (name) => {
    s.open("grade");
    const part = root.querySelector(`[data-part="${CSS.escape(name)}"]`);
    part?.closest("details")?.setAttribute("open", "");
    part?.scrollIntoView({ block: "nearest" });
  };
}

function addSearch(s, root) {
  s.search = (text) => s.set({ find: { ...findHits(s, text.toLowerCase()), place: -1 } });
  s.findNext = (way) => {
    const { order } = s.find;
    if (!order.length) return;
    s.find.place = (s.find.place + way + order.length) % order.length;
    s.toEvent(order[s.find.place]);
    root.querySelector(".events .picked")?.scrollIntoView({ block: "nearest" });
  };
}

function keyActions(s, root) {
  const open = (dialogName) => () => s.ask(dialogName);
  const findOn = (way) => (s.tab === "transcript" ? findTurn(s, way) : s.findNext(way));
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
    "/": () => {
      if (s.tab !== "transcript") s.open("events");
      root.querySelector(".find input").focus();
    },
    n: () => findOn(1), N: () => findOn(-1), o: () => s.tab === "transcript" && foldTurns(s),
    g: open("go"), f: open("fork"), d: open("compare"), "?": open("keys"),
    c: () => { s.write(); s.ask("link"); }, v: () => seesVerdict(s) && s.seek(s.doc.verdict.at),
    t: toggleTheme, z: () => s.set({ hide: !s.hide }),
    Escape: () => s.set({ picked: null, seq: null }),
  };
}

/**
 * Shows the episode *doc* in *root*; returns a function that removes the view.
 *
 * *around* is what embeds it: `hash` holds the values in the address that belong to the caller,
 * `back` describes a button that leads back, `notice` draws into the header, `panels` adds tabs,
 * `keys` replaces actions of keys, `dialogs` replaces dialogs, and `attach` receives the state (whose `renew` takes a newer
 * document) and returns a function that detaches.
 */
export function showEpisode(root, doc, around = {}) {
  const s = initialState(doc, around);
  let writing = null;
  let drawnAt = "";
  let left = false;
  const draw = () => {
    if (left) return;
    render(renderShell(s, around), root);
    syncDialog(root, s);
    const drawing = `${s.at} ${s.tab === "transcript"}`;
    if (drawnAt !== drawing) {
      drawnAt = drawing;
      scrollToPosition(root, s);
    }
  };
  const update = () => {
    if (left) return;
    draw();
    clearTimeout(writing);
    // Browsers throttle or refuse frequent changes of the address, as while a slider is dragged.
    writing = setTimeout(s.write, 120);
  };
  s.write = () => writeAddress(addressOf(s, around.hash));
  addActions(s, update);
  addLinks(s, root);
  addSearch(s, root);
  const detach = around.attach?.(s) ?? (() => {});
  s.at = Math.max(0, Math.min(s.last, Number(root.dataset.step ?? firstPosition(s.doc))));
  readHash(s);
  render(renderShell(s, around), root);
  measurePanes(root, s);
  draw();
  const onHash = () => { s.rows.clear(); readHash(s); draw(); };
  const sizes = new ResizeObserver(() => { if (measurePanes(root, s)) draw(); });
  for (const pane of root.querySelectorAll(".picture, .timeline")) sizes.observe(pane);
  window.addEventListener("hashchange", onHash);
  const keys = keyActions(s, root);
  const deaf = listenToKeys({ ...keys, ...around.keys?.(s, keys) }, () => s.letters);
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
