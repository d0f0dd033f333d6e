// The list of episodes: filtered, sorted, refreshed, with two to be picked for a comparison.
import { html, render, nothing } from "../vendor/lit-html.js";
import { readAddress, writeAddress } from "../address.js";
import { plainLine, visibleText } from "../text.js";
import { get, repeat } from "./api.js";
import { leftOutNotice } from "./left_out.js";
import { Listing } from "./listing.js";
import { refusalOf } from "./refusal.js";
import { COLUMNS, episodeTable, shortId } from "./rows.js";
import { scenarioFilter } from "./tasks.js";

const REFRESH_INTERVAL = 3000;
const WRITE_DELAY = 120;
const FILTERS = { scenario: "", agent: "", run: "", find: "", state: "", sort: "newest" };
const SERVER_FILTERS = ["scenario", "agent", "run"];
const STATES = [["", "all"], ["ended", "ended"], ["unfinished", "unfinished"]];
const SORT_ARROWS = ["M0 6h8l-4-5z", "M0 2h8l-4 5z"];
const KEYS = ["episode", "scenario", "agent", "run", "score", "reward", "rewards", "steps", "state", "newest"];

function readHash() {
  const given = readAddress();
  return Object.fromEntries(Object.entries(FILTERS).map(([key, usual]) => [key, given.get(key) ?? usual]));
}

function writeHash(filters) {
  const given = Object.entries(filters).filter(([key, value]) => value !== FILTERS[key]);
  writeAddress([["page", "episodes"], ...given]);
}

/** The column to sort by, and whether in the opposite of its usual direction. */
function sortOrder({ sort }) {
  const key = sort.replace(/^-/, "");
  return COLUMNS[key]?.by ? { key, turned: sort.startsWith("-") } : { key: FILTERS.sort, turned: false };
}

function matches(row, { find, state }) {
  if (state && (row.ended !== null) !== (state === "ended")) return false;
  const term = find.trim().toLowerCase();
  return !term || [row.id, row.scenario, row.agent, row.run].some((text) => text.toLowerCase().includes(term));
}

function sortRows(rows, filters) {
  const { key, turned } = sortOrder(filters);
  const { by, falls = false } = COLUMNS[key];
  const way = falls === turned ? 1 : -1;
  return rows.map((row) => [by(row), row]).sort(([one], [other]) => {
    if (one === null || other === null) return (one === null) - (other === null);
    return way * (typeof one === "string" ? one.localeCompare(other, "en", { numeric: true }) : one - other);
  }).map(([, row]) => row);
}

/** The loaded rows that match the filters, sorted; *place* counts from the oldest. */
function visibleRows(s) {
  const { rows } = s.listing;
  const placed = rows.map((row, place) => ({ ...row, place: rows.length - place }));
  return sortRows(placed.filter((row) => matches(row, s.filters)), s.filters);
}

function loadedNames(s, key) {
  return [...new Set(s.listing.rows.map((row) => row[key]))].filter(Boolean).sort();
}

function textFilter(s, key, label) {
  const names = loadedNames(s, key).filter((each) => plainLine(each) === each);
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

function filterForm(s) {
  const narrow = (scenario) => s.change({ scenario });
  return html`<form class="filters" role="search" aria-label="Episodes" @submit=${(event) => event.preventDefault()}>
    ${scenarioFilter(s.tasks, s.filters.scenario, narrow, loadedNames(s, "scenario"))}
    ${textFilter(s, "agent", "Agent")}${textFilter(s, "run", "Run")}${stateFilter(s)}${findFilter(s)}</form>`;
}

function countText(s, rows) {
  const loaded = s.listing.rows.length;
  const word = loaded === 1 ? "episode" : "episodes";
  const fitting = rows.length < loaded ? `${rows.length} of ${loaded} ${word}` : `${loaded} ${word}`;
  if (s.listing.next === null) return fitting;
  const { key } = sortOrder(s.filters);
  return `${fitting} loaded, there are more${key === "newest" ? "" : `; sorted by ${COLUMNS[key].title} among these ${loaded}`}`;
}

/** The head of a column: a button that sorts by it, and at a second click the other way round. */
function columnHead(s, key) {
  const { title, by, falls = false } = COLUMNS[key];
  if (!by) return html`<th scope="col" class="col-${key}">${title}</th>`;
  const now = sortOrder(s.filters);
  const active = now.key === key;
  const falling = falls !== now.turned;
  const sort = active && !now.turned ? `-${key}` : key;
  return html`<th scope="col" class="col-${key}" aria-sort=${active ? (falling ? "descending" : "ascending") : nothing}>
    <button type="button" @click=${() => s.change({ sort })}>${title}<svg class="way" viewBox="0 0 8 8" width="8" height="8"
      aria-hidden="true"><path d=${active ? SORT_ARROWS[Number(falling)] : ""} /></svg></button></th>`;
}

function sideTag(place) {
  return html`<b class="tag ${"ab"[place]}">${"AB"[place]}</b>`;
}

function compareBox(s, row) {
  if (!row) return html`<span class="hidden">compare</span>`;
  const place = s.ticks.indexOf(row.id);
  return html`<label class="tick"><input type="checkbox" aria-label="compare ${plainLine(row.id)}" .checked=${place >= 0}
    @change=${() => s.tick(row.id)}>${place >= 0 ? sideTag(place) : nothing}</label>`;
}

function comparePanel(s) {
  const [a, b] = s.ticks;
  const clear = html`<button type="button" @click=${() => s.set({ ticks: [] })}>Clear</button>`;
  return html`<div class="picks ${a ? "some" : ""}"><p role="status">${s.ticks.map((id, place) =>
    html`${sideTag(place)} <span title=${plainLine(id)}>${visibleText(shortId(id))}</span> `)}
    ${a && !b ? html`<span class="dim">tick another to compare</span>` : nothing}</p>
    ${b ? html`<a class="button" href="#${new URLSearchParams({ a, b })}">Compare</a>` : nothing}${a ? clear : nothing}</div>`;
}

function emptyList(s) {
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

function renderPage(s) {
  const rows = visibleRows(s);
  const drawn = { head: (key) => columnHead(s, key), lead: (row) => compareBox(s, row) };
  const table = () => episodeTable(rows, KEYS, "Episodes", drawn);
  const more = () => html`<p class="more"><button type="button" ?disabled=${s.busy} @click=${s.more}>More episodes</button></p>`;
  return html`<main class="page"><div class="title"><h1>Episodes</h1><p class="dim" role="status">${countText(s, rows)}</p></div>
    ${filterForm(s)}
    ${s.wrong ? html`<p class="bad" role="alert">${visibleText(s.wrong)}</p>` : nothing}${leftOutNotice(s.listing.leftOut.values())}
    <div aria-busy=${String(s.busy)}>${rows.length ? table() : emptyList(s)}</div>
    ${s.listing.next === null ? nothing : more()}${comparePanel(s)}</main>`;
}

function rowOf(root, id) {
  return [...root.querySelectorAll("tr[data-id]")].find((row) => row.dataset.id === id);
}

function focusables(row) {
  return [...row.querySelectorAll("a, input")];
}

/** Draws, and keeps scroll position and focus with their rows although others are inserted. */
function drawInPlace(root, draw) {
  const focused = document.activeElement?.closest("tr[data-id]") ?? null;
  const place = focused ? focusables(focused).indexOf(document.activeElement) : -1;
  const rows = [...root.querySelectorAll("tr[data-id]")];
  const kept = focused ?? rows.find((row) => row.getBoundingClientRect().top > root.getBoundingClientRect().top);
  if (!kept) return draw();
  const { id } = kept.dataset;
  const top = kept.getBoundingClientRect().top;
  draw();
  const now = rowOf(root, id);
  if (!now) return undefined;
  if (root.scrollTop > 0) root.scrollTop += now.getBoundingClientRect().top - top;
  if (now !== kept && place >= 0) focusables(now)[place]?.focus({ preventScroll: true });
  return undefined;
}

function serverFilters(filters) {
  return Object.fromEntries(SERVER_FILTERS.map((key) => [key, filters[key].trim()]));
}

/** Does *work* on a listing and takes it over, unless another listing is wanted by then. */
async function updateListing(s, listing, work) {
  const wrong = await refusalOf(work);
  if (listing === s.wanted) Object.assign(s, { listing, wrong, busy: false });
}

async function load(s) {
  const listing = s.wanted;
  s.set({ busy: true });
  await updateListing(s, listing, () => listing.more());
  s.set({});
}

/** Applies the filters; asks the server again only if those that it applies have changed. */
function applyFilters(s) {
  const asked = serverFilters(s.filters);
  if (SERVER_FILTERS.every((key) => asked[key] === s.wanted.asked[key])) return s.set({});
  s.wanted = new Listing(asked);
  return load(s);
}

function initialState(filters) {
  const listing = new Listing(serverFilters(filters));
  const s = { filters, listing, wanted: listing, ticks: [], wrong: null, busy: false, writing: null, draw: () => {} };
  s.set = (changes) => { Object.assign(s, changes); s.draw(); };
  s.change = (changes) => {
    Object.assign(s.filters, changes);
    clearTimeout(s.writing);
    s.writing = setTimeout(() => writeHash(s.filters), WRITE_DELAY);
    applyFilters(s);
  };
  s.more = () => load(s);
  s.tick = (id) => {
    const others = s.ticks.filter((each) => each !== id);
    s.set({ ticks: others.length < s.ticks.length ? others : [...others, id].slice(-2) });
  };
  return s;
}

/** The state and scroll position of the list when the user last left it. */
let listAsLeft = null;

/** The list as it was left, if the address has the filters that it had then. */
function resumeState(filters) {
  return listAsLeft && Object.keys(FILTERS).every((key) => listAsLeft.s.filters[key] === filters[key]) ? listAsLeft : null;
}

/** Applies the filters in the address, now and whenever they change; returns how to stop. */
async function followAddress(s, alive) {
  const onHash = async () => {
    if (!alive()) return;
    s.filters = readHash();
    await applyFilters(s);
  };
  window.addEventListener("hashchange", onHash);
  await onHash();
  return () => window.removeEventListener("hashchange", onHash);
}

/** Shows the episodes, newest first; as the user left them if the filters are the same. */
export async function showEpisodes(root, key, alive) {
  const filters = readHash();
  const again = resumeState(filters);
  const s = again?.s ?? initialState(filters);
  const [{ tasks }] = await Promise.all([get("tasks"), again ? null : load(s)]);
  const draw = () => { if (alive()) render(renderPage(s), root); };
  const refresh = async () => {
    const { listing } = s;
    await updateListing(s, listing, () => listing.refresh());
    if (alive()) drawInPlace(root, draw);
  };
  const deaf = await followAddress(s, alive);
  if (!alive()) return deaf;
  document.title = "Episodes · refold";
  s.draw = draw;
  s.set({ tasks });
  root.scrollTop = again?.top ?? 0;
  if (again) refresh();
  const stop = repeat(REFRESH_INTERVAL, refresh);
  return () => {
    listAsLeft = { s, top: root.scrollTop };
    stop();
    deaf();
    clearTimeout(s.writing);
  };
}
