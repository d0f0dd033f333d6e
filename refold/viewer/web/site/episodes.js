// The episodes of the log: found, sorted, kept up to date, and two of them picked to compare.
import { html, render, nothing } from "../vendor/lit-html.js";
import { readAddress, writeAddress } from "../address.js";
import { flat, shown } from "../text.js";
import { get, repeat } from "./api.js";
import { Listing } from "./listing.js";
import { refusalOf } from "./refusal.js";
import { COLUMNS, episodeTable, shortId } from "./rows.js";
import { scenarioFilter } from "./tasks.js";

const PAUSE = 3000;
const WRITE = 120;
const FILTERS = { scenario: "", agent: "", run: "", find: "", state: "", sort: "newest" };
const ASKED = ["scenario", "agent", "run"];
const STATES = [["", "all"], ["ended", "ended"], ["unfinished", "unfinished"]];
const WAYS = ["M0 6h8l-4-5z", "M0 2h8l-4 5z"];
const KEYS = ["episode", "scenario", "agent", "run", "score", "reward", "rewards", "steps", "state", "newest"];

function readHash() {
  const given = readAddress();
  return Object.fromEntries(Object.entries(FILTERS).map(([key, usual]) => [key, given.get(key) ?? usual]));
}

function writeHash(filters) {
  const given = Object.entries(filters).filter(([key, value]) => value !== FILTERS[key]);
  writeAddress([["page", "episodes"], ...given]);
}

/** By which column the rows are sorted, and whether the other way round than is usual for it. */
function order({ sort }) {
  const key = sort.replace(/^-/, "");
  return COLUMNS[key]?.by ? { key, turned: sort.startsWith("-") } : { key: FILTERS.sort, turned: false };
}

function fits(row, { find, state }) {
  if (state && (row.ended !== null) !== (state === "ended")) return false;
  const term = find.trim().toLowerCase();
  return !term || [row.id, row.scenario, row.agent, row.run].some((text) => text.toLowerCase().includes(term));
}

function sorted(rows, filters) {
  const { key, turned } = order(filters);
  const { by, falls = false } = COLUMNS[key];
  const way = falls === turned ? 1 : -1;
  return rows.map((row) => [by(row), row]).sort(([one], [other]) => {
    if (one === null || other === null) return (one === null) - (other === null);
    return way * (typeof one === "string" ? one.localeCompare(other, "en", { numeric: true }) : one - other);
  }).map(([, row]) => row);
}

/** What is to be seen: the loaded rows that fit, sorted; *place* counts from the oldest one. */
function seen(s) {
  const { rows } = s.listing;
  const placed = rows.map((row, place) => ({ ...row, place: rows.length - place }));
  return sorted(placed.filter((row) => fits(row, s.filters)), s.filters);
}

function found(s, key) {
  return [...new Set(s.listing.rows.map((row) => row[key]))].filter(Boolean).sort();
}

function textFilter(s, key, label) {
  const names = found(s, key).filter((each) => flat(each) === each);
  const change = (event) => s.change({ [key]: event.target.value });
  const input = (event) => {
    if (!event.target.value || names.includes(event.target.value)) change(event);
  };
  return html`<label class="field">${label} <input type="search" name=${key} maxlength="255" placeholder="all"
    autocomplete="off" list="all-${key}" .value=${s.filters[key]} @input=${input} @change=${change}></label>
    <datalist id="all-${key}">${names.map((each) => html`<option value=${each}></option>`)}</datalist>`;
}

function stateFilter(s) {
  const option = ([value, text]) => html`<option value=${value} .selected=${value === s.filters.state}>${text}</option>`;
  return html`<label class="field">State <select name="state"
    @change=${(event) => s.change({ state: event.target.value })}>${STATES.map(option)}</select></label>`;
}

function findFilter(s) {
  return html`<label class="field wide">Find <input type="search" name="find" autocomplete="off"
    placeholder="in ids, scenarios, agents, runs" .value=${s.filters.find}
    @input=${(event) => s.change({ find: event.target.value })}></label>`;
}

function filters(s) {
  const narrow = (scenario) => s.change({ scenario });
  return html`<form class="filters" role="search" aria-label="Episodes" @submit=${(event) => event.preventDefault()}>
    ${scenarioFilter(s.tasks, s.filters.scenario, narrow, found(s, "scenario"))}
    ${textFilter(s, "agent", "Agent")}${textFilter(s, "run", "Run")}${stateFilter(s)}${findFilter(s)}</form>`;
}

function count(s, rows) {
  const loaded = s.listing.rows.length;
  const word = loaded === 1 ? "episode" : "episodes";
  const fitting = rows.length < loaded ? `${rows.length} of ${loaded} ${word}` : `${loaded} ${word}`;
  if (s.listing.next === null) return fitting;
  const { key } = order(s.filters);
  return `${fitting} loaded, there are more${key === "newest" ? "" : `; sorted by ${COLUMNS[key].title} among these ${loaded}`}`;
}

/** The head of a column, with a button that sorts by it, and once more the other way round. */
function head(s, key) {
  const { title, by, falls = false } = COLUMNS[key];
  if (!by) return html`<th scope="col" class="col-${key}">${title}</th>`;
  const now = order(s.filters);
  const active = now.key === key;
  const falling = falls !== now.turned;
  const sort = active && !now.turned ? `-${key}` : key;
  return html`<th scope="col" class="col-${key}" aria-sort=${active ? (falling ? "descending" : "ascending") : nothing}>
    <button type="button" @click=${() => s.change({ sort })}>${title}<svg class="way" viewBox="0 0 8 8" width="8" height="8"
      aria-hidden="true"><path d=${active ? WAYS[Number(falling)] : ""} /></svg></button></th>`;
}

function tag(place) {
  return html`<b class="tag ${"ab"[place]}">${"AB"[place]}</b>`;
}

function tick(s, row) {
  if (!row) return html`<span class="hidden">compare</span>`;
  const place = s.ticks.indexOf(row.id);
  return html`<label class="tick"><input type="checkbox" aria-label="compare ${flat(row.id)}" .checked=${place >= 0}
    @change=${() => s.tick(row.id)}>${place >= 0 ? tag(place) : nothing}</label>`;
}

function picks(s) {
  const [a, b] = s.ticks;
  const clear = html`<button type="button" @click=${() => s.set({ ticks: [] })}>Clear</button>`;
  return html`<div class="picks ${a ? "some" : ""}"><p role="status">${s.ticks.map((id, place) =>
    html`${tag(place)} <span title=${flat(id)}>${shown(shortId(id))}</span> `)}
    ${a && !b ? html`<span class="dim">tick another to compare</span>` : nothing}</p>
    ${b ? html`<a class="button" href="#${new URLSearchParams({ a, b })}">Compare</a>` : nothing}${a ? clear : nothing}</div>`;
}

function nobody(s) {
  if (s.wrong) return nothing;
  const limited = Object.keys(FILTERS).some((key) => key !== "sort" && s.filters[key]);
  if (!limited) {
    return html`<div class="none"><p>No episodes yet.</p>
      <p class="dim"><a href="#page=start">Play one, or let an agent play</a>, or record one from a shell:</p>
      <pre class="text">refold record workflow/hard --agent greedy --log LOG</pre></div>`;
  }
  const clear = () => s.change({ ...FILTERS, sort: s.filters.sort });
  return html`<div class="none"><p>No ${s.listing.next === null ? nothing : "loaded "}episode fits.</p>
    <p><button type="button" @click=${clear}>Clear filters</button></p></div>`;
}

function page(s) {
  const rows = seen(s);
  const drawn = { head: (key) => head(s, key), lead: (row) => tick(s, row) };
  const table = () => episodeTable(rows, KEYS, "Episodes", drawn);
  const more = () => html`<p class="more"><button type="button" ?disabled=${s.busy} @click=${s.more}>More episodes</button></p>`;
  return html`<main class="page"><div class="title"><h1>Episodes</h1><p class="dim" role="status">${count(s, rows)}</p></div>
    ${filters(s)}
    ${s.wrong ? html`<p class="bad" role="alert">${shown(s.wrong)}</p>` : nothing}
    <div aria-busy=${String(s.busy)}>${rows.length ? table() : nobody(s)}</div>
    ${s.listing.next === null ? nothing : more()}${picks(s)}</main>`;
}

function rowOf(root, id) {
  return [...root.querySelectorAll("tr[data-id]")].find((row) => row.dataset.id === id);
}

function parts(row) {
  return [...row.querySelectorAll("a, input")];
}

/** Draws, and leaves the row that is looked at where it is, and the focus with its row. */
function steadily(root, draw) {
  const focused = document.activeElement?.closest("tr[data-id]") ?? null;
  const place = focused ? parts(focused).indexOf(document.activeElement) : -1;
  const rows = [...root.querySelectorAll("tr[data-id]")];
  const kept = focused ?? rows.find((row) => row.getBoundingClientRect().top > root.getBoundingClientRect().top);
  if (!kept) return draw();
  const { id } = kept.dataset;
  const top = kept.getBoundingClientRect().top;
  draw();
  const now = rowOf(root, id);
  if (!now) return undefined;
  if (root.scrollTop > 0) root.scrollTop += now.getBoundingClientRect().top - top;
  if (now !== kept && place >= 0) parts(now)[place]?.focus({ preventScroll: true });
  return undefined;
}

function asks(filters) {
  return Object.fromEntries(ASKED.map((key) => [key, filters[key].trim()]));
}

/** Does *work* on a listing, unless another is wanted by then; a refusal is told until it works again. */
async function attempt(s, listing, work) {
  const wrong = await refusalOf(work);
  if (listing === s.wanted) Object.assign(s, { listing, wrong, busy: false });
}

async function load(s) {
  const listing = s.wanted;
  s.set({ busy: true });
  await attempt(s, listing, () => listing.more());
  s.set({});
}

/** Shows what the filters say; asks the server anew if they narrow down what it is to send. */
function follow(s) {
  const asked = asks(s.filters);
  if (ASKED.every((key) => asked[key] === s.wanted.asked[key])) return s.set({});
  s.wanted = new Listing(asked);
  return load(s);
}

function begin(filters) {
  const listing = new Listing(asks(filters));
  const s = { filters, listing, wanted: listing, ticks: [], wrong: null, busy: false, writing: null, draw: () => {} };
  s.set = (changes) => { Object.assign(s, changes); s.draw(); };
  s.change = (changes) => {
    Object.assign(s.filters, changes);
    clearTimeout(s.writing);
    s.writing = setTimeout(() => writeHash(s.filters), WRITE);
    follow(s);
  };
  s.more = () => load(s);
  s.tick = (id) => {
    const others = s.ticks.filter((each) => each !== id);
    s.set({ ticks: others.length < s.ticks.length ? others : [...others, id].slice(-2) });
  };
  return s;
}

/** What the list looked like when it was left: its state, and how far it was scrolled. */
let left = null;

/** The list as it was left, if the address has the filters that it had then. */
function resumed(filters) {
  return left && Object.keys(FILTERS).every((key) => left.s.filters[key] === filters[key]) ? left : null;
}

/** Follows the address from now on, and what it became until now; returns how to stop that. */
async function obey(s, alive) {
  const onHash = async () => {
    if (!alive()) return;
    s.filters = readHash();
    await follow(s);
  };
  window.addEventListener("hashchange", onHash);
  await onHash();
  return () => window.removeEventListener("hashchange", onHash);
}

/** Shows the episodes, those first that began last; as they were left if the filters are the same. */
export async function showEpisodes(root, key, alive) {
  const filters = readHash();
  const again = resumed(filters);
  const s = again?.s ?? begin(filters);
  const [{ tasks }] = await Promise.all([get("tasks"), again ? null : load(s)]);
  const draw = () => { if (alive()) render(page(s), root); };
  const refresh = async () => {
    const { listing } = s;
    await attempt(s, listing, () => listing.refresh());
    if (alive()) steadily(root, draw);
  };
  const deaf = await obey(s, alive);
  if (!alive()) return deaf;
  document.title = "Episodes · refold";
  s.draw = draw;
  s.set({ tasks });
  root.scrollTop = again?.top ?? 0;
  if (again) refresh();
  const stop = repeat(PAUSE, refresh);
  return () => {
    left = { s, top: root.scrollTop };
    stop();
    deaf();
    clearTimeout(s.writing);
  };
}
