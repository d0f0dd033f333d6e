// The dialogs: keys, go to, and commands to copy.
import { html, nothing } from "./vendor/lit-html.js";
import { HELP, saveSetting } from "./keys.js";
import { breakableName } from "./text.js";

// Ids become part of a shell command that is copied: anything unusual is not offered at all.
const SAFE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

function copyText(event, text) {
  const button = event.currentTarget;
  const field = button.parentElement.querySelector("input");
  field.select();
  Promise.resolve(navigator.clipboard?.writeText(text)).then(
    () => { button.textContent = "Copied"; },
    () => { button.textContent = "Press Ctrl C"; },
  );
}

function copyField(text) {
  return html`<div class="copy"><input type="text" readonly aria-label="To copy" .value=${text}>
    <button type="button" @click=${(event) => copyText(event, text)}>Copy</button></div>`;
}

/** The list of keys, as rows of key and meaning, with the switch for single-letter keys. */
export function keyList(s, rows) {
  const change = (event) => {
    saveSetting("letters", event.target.checked ? "on" : "off");
    s.set({ letters: event.target.checked });
  };
  return html`<h2>Keys</h2><table class="plain"><tbody>${rows.map(([key, what]) =>
    html`<tr><th scope="row">${key}</th><td>${what}</td></tr>`)}</tbody></table>
    <label class="check"><input type="checkbox" .checked=${s.letters} @change=${change}> single-key shortcuts on</label>`;
}

function keysDialog(s) {
  return keyList(s, [...HELP, [`1 – ${s.tabs.length}`, s.tabs.join(", ")]]);
}

function goToDialog(s) {
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

function commandWithId(s, text) {
  const { id } = s.doc.episode;
  if (!id || !SAFE_ID.test(id)) return html`<p class="dim">This page does not know the episode's id.</p>`;
  return copyField(text(id));
}

function forkDialog(s) {
  return html`<h2>Fork here</h2><p class="dim">Another agent continues after step ${s.at}:</p>
    ${commandWithId(s, (id) => `refold fork ${id} --at ${s.at} --agent AGENT`)}`;
}

function compareDialog(s) {
  const parent = s.doc.episode.fork_of?.id;
  const other = parent && SAFE_ID.test(parent) ? parent : "OTHER";
  return html`<h2>Compare</h2>
    ${parent ? html`<p class="dim">It is a fork of ${breakableName(parent)} at step ${s.doc.episode.fork_of.at}.</p>` : nothing}
    ${commandWithId(s, (id) => `refold diff ${other} ${id} --html diff.html`)}`;
}

function linkDialog() {
  return html`<h2>Link to this moment</h2>${copyField(location.href)}`;
}

/** The dialogs by name. */
export const DIALOGS = { keys: keysDialog, go: goToDialog, fork: forkDialog, compare: compareDialog, link: linkDialog };

/** Draws the dialog element with the open dialog in it, if any. */
export function renderDialog(s) {
  return html`<dialog aria-label=${s.dialog ?? "closed"} @close=${(event) => event.target.open || s.set({ dialog: null })}>
    ${s.dialog ? html`${s.dialogs[s.dialog](s)}
    <button type="button" class="close" @click=${() => s.set({ dialog: null })}>Close</button>` : nothing}</dialog>`;
}

/** Opens the dialog *name*, and forgets what the last one had *asked*. */
export function openDialog(s, name) {
  s.set({ dialog: name, asked: null, opening: true });
}

/**
 * Opens or closes the dialog element to match the state; call after each rendering.
 *
 * It is opened only once for each request: at Escape the browser closes it and reports that a
 * moment later, and a rendering in between must not open it again.
 */
export function syncDialog(root, s) {
  const element = root.querySelector("dialog");
  if (s.dialog && s.opening && !element.open) element.showModal();
  if (!s.dialog && element.open) element.close();
  s.opening = false;
}
