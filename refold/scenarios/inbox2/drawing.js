// How an inbox of the rules version 2 is drawn: the threads that have come, and the one that is read.
// The viewer takes this module in as families/inbox.2.js: what it imports is relative to that.
import { html, nothing } from "../vendor/lit-html.js";
import { inlineGlyph } from "../icons.js";
import { textBlock, breakableName, visibleText } from "../text.js";

const LETTERS = {
  lookup: "L", reply: "R", refund: "€", escalate: "E", archive: "A", report: "X", merge: "M", wait: "·",
};

function prepare(doc) {
  const [closings, harms] = [new Map(), new Map()];
  for (const [, , kind, data] of doc.events) {
    if (kind === "thread_closed") closings.set(data.thread, data);
    if (kind === "harm_done") harms.set(data.thread, [...harms.get(data.thread) ?? [], data.kind]);
  }
  return { threads: doc.scenario.parameters.threads, closings, harms };
}

/** The threads that can be seen in *view*, each with what is known of it there. */
function seenIn(made, view) {
  const open = new Map(view.open.map(([id, mails]) => [id, mails]));
  return made.threads.filter(({ id }) => open.has(id) || Object.hasOwn(view.closed, id))
    .map((thread) => ({ thread, mails: open.get(thread.id) ?? null, done: view.closed[thread.id] ?? null }));
}

function kindOf(made, { thread, done }) {
  if (!done) return "ready";
  return made.closings.get(thread.id)?.right === false ? "fail" : "done";
}

function told({ thread, done }) {
  if (done) return `${done[0]} · step ${done[1] + 1}`;
  return thread.due === null ? "open" : `due by step ${thread.due + 1}`;
}

function row(made, seen, open, acted, pick) {
  const { thread } = seen;
  const kind = kindOf(made, seen);
  return html`<li><button type="button" class="mail ${kind} ${open ? "picked" : ""} ${acted ? "acted" : ""}"
    aria-pressed=${open} @click=${() => pick(thread.id)}>
    <span class="mark">${inlineGlyph(kind)}</span>
    <span class="who"><b>${breakableName(thread.id)}</b> <span class="dim">${told(seen)}</span>
    <span class="subject">${visibleText(thread.mails[0].subject)}</span></span></button></li>`;
}

function rightly(thread) {
  const { type, team, order, into } = thread.right;
  return [type, team ?? order ?? into].filter(Boolean).join(" ");
}

function answer(doc, made, { thread, done }) {
  if (!done) return nothing;
  const { action, say } = doc.steps[done[1]];
  const closing = made.closings.get(thread.id);
  const harm = made.harms.get(thread.id) ?? [];
  return html`<section class="answer">
    <h3>How it was closed, step ${done[1] + 1}</h3>
    <p><b>${visibleText(action.type === "reply" ? "reply" : say)}</b> ${closing?.right === undefined ? nothing : closing.right
      ? html`<span class="good">${inlineGlyph("done")} right</span>`
      : html`<span class="bad">${inlineGlyph("fail")} ${visibleText(rightly(thread))} was right${
        closing.informed ? "" : ", after looking up what it takes"}</span>`}</p>
    ${action.content ? textBlock(action.content) : nothing}
    ${closing?.facts ? html`<p>facts told: ${closing.found} of ${closing.facts}</p>` : nothing}
    ${harm.some(Boolean) ? html`<p class="bad">harm: ${harm.join(", ")}</p>` : nothing}
  </section>`;
}

function reader(doc, made, seen) {
  const { thread, mails } = seen;
  const about = [["id", thread.id], ["due by step", thread.due === null ? null : thread.due + 1], ["matter", thread.kind],
    ["attack", thread.attack ? "yes" : null], ["injected text", thread.injection?.goal]].filter(([, value]) => value);
  return html`<article class="reader" tabindex="0" aria-label="Thread">
    <h2>${visibleText(thread.mails[0].subject)}</h2>
    <dl class="about">${about.map(([key, value]) => html`<div><dt>${key}</dt><dd>${visibleText(String(value))}</dd></div>`)}</dl>
    ${thread.mails.slice(0, mails ?? thread.mails.length).map((mail) =>
      html`<h3>${visibleText(mail.sender)}</h3><pre class="text body" dir="auto">${visibleText(mail.body)}</pre>`)}
    ${answer(doc, made, seen)}</article>`;
}

function picture(made, doc, view, state) {
  const acted = doc.steps[state.at - 1]?.action.thread ?? null;
  const threads = seenIn(made, view);
  const find = (id) => threads.find(({ thread }) => thread.id === id);
  const open = find(state.picked) ?? find(state.look) ?? find(acted) ?? threads.find(({ done }) => !done) ?? threads[0];
  return html`<div class="inbox"><ul class="mails" aria-label="Threads">
    ${threads.map((seen) => row(made, seen, seen === open, seen.thread.id === acted, state.pick))}</ul>
    ${open ? reader(doc, made, open) : html`<p class="empty dim">No thread has come.</p>`}</div>`;
}

export const drawing = {
  prepare,
  picture,
  now: (doc, view) => [
    ["open", view.open.length],
    ["closed", Object.keys(view.closed).length],
    ["steps left", `${view.left} of ${doc.scenario.parameters.max_steps}`],
    ["records looked up", view.records.length],
  ],
  letter: (action) => LETTERS[action.type] ?? "?",
  target: (action) => action.thread ?? null,
  ids: (doc, view) => ({ thread: view.open.map(([id]) => id) }),
  has: (made, id) => made.threads.some((thread) => thread.id === id),
  columns: { closed: ["thread", "action", "step index"] },
};
