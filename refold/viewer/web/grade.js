// The Grade panel: what each part lost, most first, and because of what.
import { html, nothing } from "./vendor/lit-html.js";
import { breakableName, lostPoints, plainName, shortNumber, signedNumber, visibleText } from "./text.js";

const EVIDENCE = 3;
const NAMED = 0.01; // smaller losses are not named

function lossBar(part, scale) {
  const [earned, lost] = [Math.max(0, part.points), part.lost].map((points) => (100 * points) / scale);
  return html`<svg class="loss" viewBox="0 0 100 7" width="100%" height="7" preserveAspectRatio="none" aria-hidden="true">
    <rect class="good" width=${earned} height="7" /><rect class="bad" x=${earned} width=${lost} height="7" /></svg>`;
}

function capital(text) {
  return text && text[0].toUpperCase() + text.slice(1);
}

function payment(part) {
  const penalty = !part.most;
  const what = part.pays ? `${penalty ? "Takes points for" : "For"} ${part.pays}: ` : "";
  const how = penalty ? signedNumber(part.points) : `${shortNumber(part.points)} of ${shortNumber(part.most)}`;
  return html`<p class="dim">${visibleText(what)}${how}</p>`;
}

function evidenceRow(s, { say, times, first, last, bad }) {
  const where = first === last ? `${first}` : `${first} to ${last}`;
  return html`<li>${times > 1 ? html`<b>${times} ×</b> ` : nothing}<span class=${bad ? "bad" : ""}>${visibleText(say)}</span>
    <span class="dim">${first === last ? "step" : "steps"}</span> <button type="button" class="link"
      aria-label="${first === last ? "step" : "steps"} ${where}" @click=${() => s.seek(first)}>${where}</button></li>`;
}

function evidence(s, part) {
  const { evidence: rows, further } = part;
  const bad = !part.most || rows.some((row) => row.bad);
  const head = bad ? (part.points > 0 ? "Rests on" : "Because of") : part.points > 0 ? "Earned by" : "Not enough:";
  if (!rows.length) return part.lost < NAMED ? nothing : html`<p>Nothing happened that earns it.</p>`;
  const [shown, more] = [rows.slice(0, EVIDENCE), rows.slice(EVIDENCE)];
  return html`<p class="dim">${head}</p><ul class="evidence">${shown.map((row) => evidenceRow(s, row))}</ul>
    ${more.length ? html`<details><summary>${more.length + further} more</summary><ul class="evidence">${more.map((row) => evidenceRow(s, row))}</ul>
      ${further ? html`<p class="dim">and ${further} more</p>` : nothing}</details>` : nothing}`;
}

function gradePart(s, part, scale) {
  return html`<div class="part" data-part=${part.name}><h2 class="line"><span>${visibleText(plainName(part.name))}</span>
    <span class=${part.lost < NAMED ? "dim" : "bad"}>${part.lost < NAMED ? "0" : lostPoints(part.lost)}</span></h2>
    ${lossBar(part, scale)}${payment(part)}
    ${part.needs ? html`<p class="dim">${visibleText(capital(part.needs))}.</p>` : nothing}${evidence(s, part)}</div>`;
}

function countTable(counts) {
  return html`<h2>Counted</h2><table class="plain"><tbody>${counts.map(([key, value]) =>
    html`<tr><th scope="row">${breakableName(key)}</th><td>${shortNumber(value)}</td></tr>`)}</tbody></table>`;
}

function noGrade({ episode }) {
  return html`<p class="dim">No grade: ${episode.ended === "running" ? "the episode has not ended" : "the episode does not count"}.</p>
    ${episode.id && episode.ended === "running" ? html`<pre class="text">refold resume ${breakableName(episode.id)}</pre>` : nothing}`;
}

/** The Grade panel. */
export function gradePanel(s) {
  const { grade } = s.doc;
  if (!grade) return noGrade(s.doc);
  if (s.hide && s.at < s.doc.steps.length) return html`<p class="dim">Hidden with the future (z).</p>`;
  const lost = grade.parts.filter((part) => part.lost >= NAMED);
  const spared = grade.parts.filter((part) => part.lost < NAMED);
  const scale = Math.max(0.01, ...grade.parts.map((part) => Math.max(0, part.points) + part.lost));
  const counts = Object.entries(grade.counts);
  return html`<p class="score"><b>${grade.score.toFixed(4)}</b> <span class="dim">by ${breakableName(grade.rubric.name)}
      v${grade.rubric.version} · ${lost.length} of ${grade.parts.length} parts lost points${lost.length > 1 ? ", most first" : ""}</span></p>
    ${lost.map((part) => gradePart(s, part, scale))}
    ${spared.length ? html`<details class="spared"><summary>${spared.length} without loss: ${spared.map((part) => plainName(part.name)).join(", ")}</summary>
      ${spared.map((part) => gradePart(s, part, scale))}</details>` : nothing}
    ${counts.length ? countTable(counts) : nothing}`;
}
