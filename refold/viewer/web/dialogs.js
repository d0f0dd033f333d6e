// What opens above the page: keys, go to, commands to copy.
import { html, nothing } from "./vendor/lit-html.js";
import { HELP, keep } from "./keys.js";
import { name } from "./text.js";

const SAFE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

function copied(event, text) {
  const button = event.currentTarget;
  const field = button.parentElement.querySelector("input");
  field.select();
  Promise.resolve(navigator.clipboard?.writeText(text)).then(
    () => { button.textContent = "Copied"; },
    () => { button.textContent = "Press Ctrl C"; },
  );
}

function copyLine(text) {
  return html`<div class="copy"><input type="text" readonly aria-label="To copy" .value=${text}>
    <button type="button" @click=${(event) => copied(event, text)}>Copy</button></div>`;
}

/** The list of keys: rows of a key and what it does; and whether letters count as keys. */
export function keyList(s, rows) {
  const change = (event) => {
    keep("letters", event.target.checked ? "on" : "off");
    s.set({ letters: event.target.checked });
  };
  return html`<h2>Keys</h2><table class="plain"><tbody>${rows.map(([key, what]) =>
    html`<tr><th scope="row">${key}</th><td>${what}</td></tr>`)}</tbody></table>
    <label class="check"><input type="checkbox" .checked=${s.letters} @change=${change}> letters and signs are keys</label>`;
}

function keys(s) {
  return keyList(s, [...HELP, [`1 – ${s.tabs.length}`, s.tabs.join(", ")]]);
}

function go(s) {
  const submit = (event) => {
    event.preventDefault();
    const text = event.target.elements.where.value.trim();
    const number = Number.parseInt(text.replace("#", ""), 10);
    s.set({ dialog: null });
    if (Number.isNaN(number)) return;
    if (text.startsWith("#")) s.toEvent(number);
    else s.seek(number);
  };
  return html`<h2>Go to</h2><form class="copy" @submit=${submit}><input type="text" name="where"
    placeholder="step, or #event" aria-label="Step, or # and the number of an event"><button>Go</button></form>`;
}

function withId(s, text) {
  const { id } = s.doc.episode;
  if (!id || !SAFE.test(id)) return html`<p class="dim">This page does not know the episode's id.</p>`;
  return copyLine(text(id));
}

function fork(s) {
  return html`<h2>Fork here</h2><p class="dim">Another agent plays on after step ${s.at}:</p>
    ${withId(s, (id) => `refold fork ${id} --at ${s.at} --agent AGENT`)}`;
}

function compare(s) {
  const parent = s.doc.episode.fork_of?.id;
  const other = parent && SAFE.test(parent) ? parent : "OTHER";
  return html`<h2>Compare</h2>
    ${parent ? html`<p class="dim">It is a fork of ${name(parent)} at step ${s.doc.episode.fork_of.at}.</p>` : nothing}
    ${withId(s, (id) => `refold diff ${other} ${id} --html diff.html`)}`;
}

function link() {
  return html`<h2>Link to this moment</h2>${copyLine(location.href)}`;
}

/** The dialogs by name. */
export const DIALOGS = { keys, go, fork, compare, link };

/** The dialog that is open, if any. */
export function dialog(s) {
  return html`<dialog aria-label=${s.dialog ?? "closed"} @close=${(event) => event.target.open || s.set({ dialog: null })}>
    ${s.dialog ? html`${s.dialogs[s.dialog](s)}
    <button type="button" class="close" @click=${() => s.set({ dialog: null })}>Close</button>` : nothing}</dialog>`;
}

/** Opens the dialog *name*, without what was *asked* in the one before. */
export function openDialog(s, name) {
  s.set({ dialog: name, asked: null, opening: true });
}

/**
 * Opens and closes the dialog element as the state says; after each rendering.
 *
 * It is opened once for each time it is asked for: the browser closes it at Escape and tells
 * so a moment later, and what is drawn in between must not open it again.
 */
export function settle(root, s) {
  const element = root.querySelector("dialog");
  if (s.dialog && s.opening && !element.open) element.showModal();
  if (!s.dialog && element.open) element.close();
  s.opening = false;
}
