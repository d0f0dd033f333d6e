// How an inbox is drawn: the list of e-mails, and the one that is read, with the agent's reply.
// The viewer takes this module in as families/inbox.1.js: what it imports is relative to that.
import { html, nothing } from "../vendor/lit-html.js";
import { inlineGlyph } from "../icons.js";
import { textBlock, breakableName, visibleText } from "../text.js";

const LETTERS = { respond: "R", escalate: "E", archive: "A" };

function prepare(doc) {
  const handled = new Map();
  for (const [, step, kind, data] of doc.events) {
    if (kind === "email_handled") handled.set(data.email, { at: step + 1, ...data });
  }
  return { emails: doc.scenario.parameters.emails, handled };
}

function stateOf(inbox, email, view) {
  const done = view.handled[email.id];
  if (!done) return { kind: view.current === email.id ? "ready" : "pending", told: "" };
  const right = !email.expected || email.expected === done[0];
  return { kind: right ? "done" : "fail", told: `${done[0]} · step ${done[1] + 1}` };
}

function row(inbox, email, view, open, acted, pick) {
  const { kind, told } = stateOf(inbox, email, view);
  const current = view.current === email.id;
  return html`<li><button type="button" class="mail ${kind} ${open ? "picked" : ""} ${acted ? "acted" : ""}"
    aria-pressed=${open} @click=${() => pick(email.id)}>
    <span class="mark">${inlineGlyph(kind)}</span>
    <span class="who"><b>${breakableName(email.id)}</b> <span class="dim">${told || (current ? "current" : "pending")}</span>
    <span class="subject">${visibleText(email.subject)}</span></span></button></li>`;
}

/** The text with the words to look for underlined. */
function underlined(text, words) {
  const lower = text.toLowerCase();
  const pieces = [];
  let from = 0;
  while (from < text.length) {
    const found = words.map((word) => [lower.indexOf(word.toLowerCase(), from), word.length])
      .filter(([at]) => at >= 0).sort((a, b) => a[0] - b[0])[0];
    if (!found) break;
    pieces.push(visibleText(text.slice(from, found[0])), html`<u>${visibleText(text.slice(found[0], found[0] + found[1]))}</u>`);
    from = found[0] + found[1];
  }
  return [...pieces, visibleText(text.slice(from))];
}

function keyword(word, found) {
  return html`<span class="word ${found ? "good" : "bad"}">${inlineGlyph(found ? "done" : "fail")} ${visibleText(word)}</span>`;
}

function answer(doc, inbox, email, view) {
  const done = view.handled[email.id];
  if (!done) return nothing;
  const { action } = doc.steps[done[1]];
  const found = inbox.handled.get(email.id)?.found ?? null;
  const right = email.expected === done[0];
  return html`<section class="answer">
    <h3>The agent's answer, step ${done[1] + 1}</h3>
    <p><b>${done[0]}</b> ${email.expected === undefined ? nothing : right
      ? html`<span class="good">${inlineGlyph("done")} as expected</span>`
      : html`<span class="bad">${inlineGlyph("fail")} ${email.expected} was due</span>`}</p>
    ${action.content ? html`<pre class="text" dir="auto">${underlined(action.content, email.keywords ?? [])}</pre>` : nothing}
    ${found === null ? nothing : html`<p>found: ${email.keywords.map((word) => keyword(word, found.includes(word)))}</p>`}
    ${action.rationale ? html`<h3>Rationale, kept but never graded</h3>${textBlock(action.rationale)}` : nothing}
  </section>`;
}

function reader(doc, inbox, email, view) {
  return html`<article class="reader" tabindex="0" aria-label="E-mail">
    <h2>${visibleText(email.subject)}</h2>
    <dl class="about">${["id", "sender", "category", "priority", "expected"].filter((key) => email[key]).map((key) =>
      html`<div><dt>${key}</dt><dd>${visibleText(email[key])}</dd></div>`)}</dl>
    <pre class="text body" dir="auto">${underlined(email.body, email.keywords ?? [])}</pre>
    ${answer(doc, inbox, email, view)}</article>`;
}

function actedOn(doc, inbox, at) {
  const step = doc.steps[at - 1];
  if (!step) return null;
  for (const [id, done] of inbox.handled) {
    if (done.at === at) return id;
  }
  return step.action.email_id ?? null;
}

function picture(inbox, doc, view, state) {
  const acted = actedOn(doc, inbox, state.at);
  const find = (id) => inbox.emails.find((email) => email.id === id);
  const open = find(state.picked) ?? find(state.look) ?? find(acted) ?? find(view.current) ?? inbox.emails[0];
  return html`<div class="inbox"><ul class="mails" aria-label="E-mails">
    ${inbox.emails.map((email) => row(inbox, email, view, email === open, email.id === acted, state.pick))}</ul>
    ${open ? reader(doc, inbox, open, view) : html`<p class="empty dim">There is no e-mail.</p>`}</div>`;
}

export const drawing = {
  prepare,
  picture,
  now: (doc, view) => [
    ["pending", `${view.pending.length} of ${doc.scenario.parameters.emails.length}`],
    ["steps left", `${view.left} of ${doc.scenario.parameters.max_steps}`],
    ["current", view.current],
  ],
  letter: (action) => LETTERS[action.type] ?? "?",
  target: (action) => action.email_id ?? null,
  ids: (doc) => ({ email_id: doc.scenario.parameters.emails.map((email) => email.id) }),
  has: (made, id) => made.emails.some((email) => email.id === id),
  columns: { handled: ["e-mail", "action", "step index"] },
};
