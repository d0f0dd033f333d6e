// The panels beside the picture but for the transcript: Step, State, Model, Events, Grade.
import { html, nothing, noChange } from "./vendor/lit-html.js";
import { inlineGlyph } from "./icons.js";
import { gradePanel } from "./grade.js";
import { stateTables } from "./tables.js";
import { textBlock, breakableName, visibleText, signedNumber, toneClass } from "./text.js";

const HIDDEN_EVENTS = new Set(["action_taken", "step_rewarded"]);

function eventsAt(s) {
  if (!s.at) return s.doc.events.filter((event) => event[1] < 0);
  const last = s.at === s.doc.steps.length;
  return s.doc.events.filter((event) => event[1] === s.at - 1 || (last && event[1] >= s.at));
}

function actionBlock(step) {
  if (!step) return html`<p class="dim">Before the first action.</p>`;
  const [verb] = step.say.split(" ", 1);
  const rest = step.say.slice(verb.length);
  return html`<div class=${step.error ? "action refused" : "action"}><b>${visibleText(verb)}</b>${visibleText(rest)}
    ${step.error ? html`<div class="bad">${inlineGlyph("fail")} refused: ${breakableName(step.error)}</div>` : nothing}</div>`;
}

function eventRow(s, event) {
  return html`<li class=${s.seq === event[0] ? "picked" : ""}><button type="button" class="seq"
    aria-label="event ${event[0]}" @click=${() => s.toEvent(event[0], "events")}>${event[0]}</button>
    <span>${visibleText(event[4])}</span></li>`;
}

function rewardTable(step) {
  const parts = Object.entries(step.parts).filter(([, value]) => value !== 0);
  return html`<h2>Reward <span class=${toneClass(step.reward)}>${signedNumber(step.reward)}</span></h2>
    <table class="plain"><tbody>${parts.map(([key, value]) => html`<tr><th scope="row">${breakableName(key)}</th>
      <td class=${toneClass(value)}>${signedNumber(value)}</td></tr>`)}
    <tr class="sum"><th scope="row">so far</th><td>${signedNumber(step.total)}</td></tr></tbody></table>`;
}

/** What the model thought and said before the action, in its last reply. */
function wordsBefore(s) {
  const { reply } = s.doc.exchanges.findLast((each) => each.step === s.at - 1 && each.reply) ?? {};
  return html`${reply?.reasoning ? html`<h2>Thought</h2>${textBlock(reply.reasoning)}` : nothing}
    ${reply?.text.trim() ? html`<h2>Said</h2>${textBlock(reply.text)}` : nothing}`;
}

/** The Step panel: what the step did, and where the episode stands after it. */
export function stepPanel(s) {
  const step = s.doc.steps[s.at - 1];
  const said = eventsAt(s).filter((event) => !HIDDEN_EVENTS.has(event[2]));
  const hint = s.family.hint?.(s.view);
  return html`${wordsBefore(s)}<h2>Action</h2>${actionBlock(step)}
    ${said.length ? html`<h2>What happened</h2><ul class="said">${said.map((event) => eventRow(s, event))}</ul>` : nothing}
    ${step && !s.doc.blind ? rewardTable(step) : nothing}
    <h2>Now</h2>
    <table class="plain"><tbody>${s.family.now(s.doc, s.view).map(([key, value]) =>
      html`<tr><th scope="row">${key}</th><td>${value ?? html`<span class="dim">–</span>`}</td></tr>`)}</tbody></table>
    ${hint ? html`<p class="dim">Hint: ${visibleText(hint)}</p>` : nothing}`;
}

function statePanel(s) {
  return stateTables(s.view, s.before, s.family.columns, s.picked);
}

function messageBlock(sent, term) {
  const calls = (sent.tool_calls ?? []).map((call) =>
    `${call.function?.name ?? ""} ${call.function?.arguments ?? ""}`).join("\n");
  const text = typeof sent.content === "string" ? sent.content : JSON.stringify(sent.content ?? calls);
  return html`<h3>${visibleText(String(sent.role ?? "message"))}</h3>${textBlock(text || calls, term)}`;
}

function replyBlock(exchange, term) {
  const answer = exchange.reply;
  if (!answer) return html`<p class="bad">${inlineGlyph("fail")} No answer.</p>`;
  return html`<h2>Reply <span class="dim">${visibleText(answer.model)}</span></h2>
    ${answer.reasoning ? messageBlock({ role: "thoughts", content: answer.reasoning }, term) : nothing}
    ${answer.text ? textBlock(answer.text, term, "reply") : nothing}
    ${answer.tool_calls.map((call) => html`<div class="call"><b>${breakableName(call.name)}</b>${textBlock(call.arguments, term)}</div>`)}
    ${answer.text || answer.tool_calls.length ? nothing : html`<p class="dim">Empty.</p>`}
    ${answer.cut ? html`<p class="dim">${answer.cut} characters were cut off.</p>` : nothing}`;
}

function exchangeBlock(exchange, term) {
  const { reply: answer, faults } = exchange;
  const about = [
    `${exchange.latency_ms.toLocaleString("en")} ms`,
    answer?.usage && `${answer.usage.input} + ${answer.usage.output} tokens`,
    answer?.finish && `finish: ${answer.finish}`,
    faults.length && `${faults.length} failed: ${faults.map((each) => each.status ?? each.fault).join(", ")}`,
  ].filter(Boolean).join(" · ");
  return html`<section class="exchange">${replyBlock(exchange, term)}
    ${exchange.unread ? html`<p class="bad">${inlineGlyph("fail")} No action in it: ${visibleText(exchange.unread)}</p>` : nothing}
    <p class="dim">${visibleText(about)} · request ${exchange.request.slice(0, 12)}</p>
    ${exchange.sent.length ? html`<h2>Sent, new since the last call</h2>${exchange.sent.map((each) => messageBlock(each, term))}` : nothing}
  </section>`;
}

function modelPanel(s) {
  const term = s.find.term;
  const last = s.at === s.doc.steps.length;
  const asked = s.doc.exchanges.filter((each) => each.step === s.at - 1 || (last && each.step >= s.at));
  const config = s.doc.models.filter((each) => each.seq <= (s.doc.steps[s.at - 1]?.seq[1] ?? Infinity)).pop();
  const left = s.doc.omitted.filter((each) => each.what.includes("model"));
  const told = left.map((each) => html`<p class="dim">Left out: ${each.what}, ${each.bytes} bytes (${each.why}).</p>`);
  if (!s.doc.exchanges.length) {
    return left.length ? told : html`<p class="dim">No model was asked: the agent is not one, or its episode was recorded elsewhere.</p>`;
  }
  return html`${told}
    ${asked.length ? asked.map((each) => exchangeBlock(each, term)) : html`<p class="dim">The model was not asked for this step.</p>`}
    ${config ? html`<details class="config"><summary>How it was asked</summary>${textBlock(JSON.stringify(config, null, 2))}</details>` : nothing}`;
}

function eventListRow(s, event, cache) {
  const here = event[1] === s.at - 1;
  const picked = s.seq === event[0];
  const hit = s.find.hits.has(event[0]);
  const key = `${here} ${picked} ${hit} ${hit && s.find.term}`;
  if (cache.get(event[0]) === key) return noChange;
  cache.set(event[0], key);
  return html`<li class="${here ? "here" : ""} ${picked ? "picked" : ""} ${hit ? "hit" : ""}" data-seq=${event[0]}>
    <button type="button" class="seq" aria-label="event ${event[0]}, step ${event[1] + 1}">${event[0]}</button>
    <span class="kind">${visibleText(event[4], hit ? s.find.term : "")}</span>
    ${picked ? html`<pre class="text">${visibleText(`${event[2]} ${JSON.stringify(event[3], null, 2)}`)}</pre>` : nothing}</li>`;
}

function eventsPanel(s) {
  const { find } = s;
  const choose = (event) => {
    const row = event.target.closest("li");
    if (row && !event.target.closest("pre")) s.toEvent(Number(row.dataset.seq));
  };
  return html`<form class="find" role="search" @submit=${(event) => { event.preventDefault(); s.findNext(1); }}>
    <input type="search" placeholder="find in events and texts" aria-label="Find in events and texts" .value=${find.term}
      @input=${(event) => s.search(event.target.value)}>
    <output>${find.term ? `${find.place + 1} of ${find.order.length}` : ""}</output></form>
    <ol class="events" @click=${choose}>${s.doc.events.map((event) => eventListRow(s, event, s.rows))}</ol>`;
}

/** The panels by the names of their tabs, in order. */
export const PANELS = { step: stepPanel, state: statePanel, model: modelPanel, events: eventsPanel, grade: gradePanel };
