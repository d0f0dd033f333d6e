// The Label tab: what a person says of the episode, blind until that is said.
import { html, nothing } from "../vendor/lit-html.js";
import { breakableName, plainLine, visibleText } from "../text.js";
import { get, post, withQuery } from "./api.js";
import { refusalOf } from "./refusal.js";
import { addressOf } from "./rows.js";

const TOLD_OF_SCORES = new Set(["score_given", "step_rewarded"]);
const HIDDEN = "hidden until you have labelled it";
const NEW = "";

function pathOf(id) {
  return `api/episodes/${encodeURIComponent(id)}/labels`;
}

/** What is said of the episode *id*; `by` is null where nobody labels. */
export function readLabels(id) {
  return get(pathOf(id));
}

/** Whether the person who labels has to see the episode without score and agent. */
function isBlind({ by, names, shown }) {
  return by !== null && !shown && names.every(({ own }) => own === null);
}

/** The document without agent, scores, rewards and grade. */
function blinded(doc) {
  const words = (event) => (TOLD_OF_SCORES.has(event[2]) ? [...event.slice(0, 3), {}, HIDDEN] : event);
  return {
    ...doc, blind: true, grade: null, verdict: null, marks: doc.marks.filter((mark) => mark[1] !== "mistake"),
    episode: { ...doc.episode, agent: { kind: "", name: "", model: null }, score: null, total_reward: 0, labels: {} },
    steps: doc.steps.map((step) => ({ ...step, reward: 0, total: 0, parts: {} })),
    events: doc.events.map(words), models: [],
    transcript: doc.transcript.map((turn) => ({ ...turn, pieces: turn.pieces.filter(({ kind }) => kind !== "score") })),
  };
}

/** The *doc* as the person may see it who labels it. */
export function seenBy(labels, doc) {
  return isBlind(labels) ? blinded(doc) : doc;
}

/** Adds to the state *s* what labelling needs. */
export function beginLabels(s, id, labels) {
  s.labels = labels;
  s.label = { id, name: labels.names[0]?.name ?? NEW, fresh: { name: "", values: "yes,no,unsure" }, step: false, why: "", note: "", tag: "", wrong: null, busy: false };
}

function setLabel(s, changes) {
  Object.assign(s.label, changes);
  s.set({});
}

/** Sends what was said; what it changes on the page is loaded anew. */
async function say(s, body, cleared = {}) {
  if (s.label.busy) return;
  setLabel(s, { busy: true });
  const blind = isBlind(s.labels);
  const step = s.label.step ? s.at : null;
  const wrong = await refusalOf(async () => {
    s.labels = { ...await post(pathOf(s.label.id), { ...body, step, blind }), shown: s.labels.shown };
    Object.assign(s.label, cleared);
    if (blind !== isBlind(s.labels)) await s.refresh();
  });
  setLabel(s, { busy: false, wrong });
}

function chosenLabel(s) {
  return s.labels.names.find(({ name }) => name === s.label.name) ?? null;
}

function valuesOf(s) {
  const { fresh } = s.label;
  return chosenLabel(s)?.values ?? fresh.values.split(",").map((each) => each.trim()).filter(Boolean);
}

async function giveLabel(s, value) {
  const known = chosenLabel(s);
  const name = known?.name ?? s.label.fresh.name.trim();
  const body = { kind: "label", name, value, note: s.label.why || null };
  await say(s, known ? body : { ...body, values: valuesOf(s) }, { name, why: "" });
}

async function goToNext(s) {
  const wrong = await refusalOf(async () => {
    const { id } = await get(withQuery("api/labels/next", { name: s.label.name }));
    if (id !== null) location.hash = `${addressOf(id)}&tab=label`;
    else setLabel(s, { wrong: `Nothing is left that you have not labelled ${s.label.name}.` });
  });
  if (wrong) setLabel(s, { wrong });
}

/** The keys of the page, of which the digits give labels while the tab is open. */
export function labelKeys(s, keys) {
  const digits = Array.from({ length: 9 }, (_, place) => [String(place + 1), () => {
    const value = valuesOf(s)[place];
    if (s.tab === "label" && value !== undefined) giveLabel(s, value);
    else keys[String(place + 1)]?.();
  }]);
  return s.label ? Object.fromEntries(digits) : {};
}

function field(s, key, label, rows) {
  const write = (event) => setLabel(s, { [key]: event.target.value });
  return html`<label>${label} ${rows
    ? html`<textarea rows=${rows} maxlength="5000" .value=${s.label[key]} @input=${write}></textarea>`
    : html`<input type="text" maxlength="64" autocomplete="off" .value=${s.label[key]} @input=${write}>`}</label>`;
}

function freshFields(s) {
  const write = (key) => (event) => setLabel(s, { fresh: { ...s.label.fresh, [key]: event.target.value } });
  return html`<label>name <input type="text" maxlength="64" autocomplete="off" .value=${s.label.fresh.name} @input=${write("name")}></label>
    <label>values <input type="text" autocomplete="off" .value=${s.label.fresh.values} @input=${write("values")}></label>`;
}

function nameChoice(s) {
  const pick = (event) => setLabel(s, { name: event.target.value });
  return html`<label>label <select @change=${pick}>${s.labels.names.map(({ name }) =>
    html`<option value=${name} .selected=${name === s.label.name}>${plainLine(name)}</option>`)}
    <option value=${NEW} .selected=${s.label.name === NEW}>a new one…</option></select></label>`;
}

function valueButtons(s) {
  const own = chosenLabel(s)?.own ?? null;
  return html`<p class="values">${valuesOf(s).map((value, place) => html`<button type="button" aria-pressed=${value === own}
    ?data-first=${place === 0} ?disabled=${s.label.busy} @click=${() => giveLabel(s, value)}>${visibleText(value)}
    <kbd aria-hidden="true">${place + 1}</kbd></button>`)}
    ${own === null ? nothing : html`<button type="button" @click=${() => giveLabel(s, null)}>Take back</button>`}
    ${s.label.name === NEW ? nothing : html`<button type="button" @click=${() => goToNext(s)}>Next unlabelled</button>`}</p>`;
}

function remarkRow(s, each) {
  const what = { label: `${each.name}: ${each.value}`, tag: `#${each.name}`, note: "" }[each.kind];
  const back = () => say(s, { kind: each.kind, name: each.name || null, value: null });
  const late = each.later_events ? `, before ${each.later_events} more event${each.later_events === 1 ? "" : "s"}` : "";
  return html`<li><b>${visibleText(what)}</b> ${visibleText(each.note)}
    <span class="dim">${breakableName(each.author)}${each.step === null ? nothing : ` at step ${each.step}`}${late}</span>
    ${each.author === s.labels.by && each.kind !== "label" && each.step === (s.label.step ? s.at : null)
      ? html`<button type="button" @click=${back}>Take back</button>` : nothing}</li>`;
}

function blindNotice(s) {
  if (!isBlind(s.labels)) return nothing;
  const show = () => {
    s.labels.shown = true;
    s.refresh();
  };
  return html`<p class="dim">Score, rewards and agent are hidden until you have labelled it.
    <button type="button" @click=${show}>Show them</button></p>`;
}

/** The Label tab. */
export function labelPanel(s) {
  const { label, labels } = s;
  const tag = () => say(s, { kind: "tag", name: label.tag.trim(), value: "yes" }, { tag: "" });
  const note = () => say(s, { kind: "note", note: label.note, value: "yes" }, { note: "" });
  const step = (event) => setLabel(s, { step: event.target.checked });
  return html`<form class="label fields" @submit=${(event) => event.preventDefault()}>${blindNotice(s)}
    ${nameChoice(s)}${label.name === NEW ? freshFields(s) : nothing}${field(s, "why", "why", 2)}${valueButtons(s)}
    <label class="check"><input type="checkbox" .checked=${label.step} @change=${step}> for step ${s.at}, not the whole episode</label>
    ${field(s, "tag", "tag", 0)}<p><button type="button" @click=${tag}>Tag</button></p>
    ${field(s, "note", "note", 3)}<p><button type="button" @click=${note}>Note</button></p>
    <p class="bad" role="status">${label.wrong ? visibleText(label.wrong) : nothing}</p>
    <h2>Said so far</h2><ul class="said remarks">${labels.remarks.map((each) => remarkRow(s, each))}</ul>
    ${labels.hidden ? html`<p class="dim">What others said is shown once you have labelled it.</p>` : nothing}</form>`;
}
