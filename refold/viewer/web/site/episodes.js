// The list of episodes: filtered, searched, sorted, refreshed, with two to be picked for a comparison.
import { html, render, nothing } from "../vendor/lit-html.js";
import { plainLine, visibleText } from "../text.js";
import { get, repeat, wait } from "./api.js";
import { FILTERS, filterChips, filterForm, isFalling, narrows, queryOf, readFilters, sortOrder, writeFilters } from "./filters.js";
import { drawInPlace } from "./in_place.js";
import { leftOutNotice } from "./left_out.js";
import { Listing } from "./listing.js";
import { fixedScore } from "./marks.js";
import { refusalOf } from "./refusal.js";
import { COLUMNS, episodeTable, shortId } from "./rows.js";

const REFRESH_INTERVAL = 3000;
const READING_PAUSE = 200;
const WRITE_DELAY = 120;
const SORT_ARROWS = ["M0 6h8l-4-5z", "M0 2h8l-4 5z"];
const KEYS = ["episode", "scenario", "verdict", "score", "reward", "rewards", "steps", "tokens", "cost", "agent", "run", "state", "newest"];

/** Columns that are there only if a row has something in them. */
const SELDOM = { tokens: (row) => row.input_tokens !== null, cost: (row) => row.cost !== null };

function counted(number) {
  return `${number} episode${number === 1 ? "" : "s"}`;
}

function countText({ listing, filters }) {
  const { count, total, mean, unread } = listing;
  const fitting = narrows(filters) ? `${count} of ${counted(total)}` : counted(count);
  const scored = narrows(filters) && mean !== null ? `, mean score ${fixedScore(mean)}` : "";
  const loaded = listing.next === null ? "" : `, ${listing.rows.length} loaded`;
  return `${fitting}${scored}${loaded}${unread ? `; the messages of ${unread} are still to be read` : ""}`;
}

/** The head of a column: a button that sorts by it, and at a second click the other way round. */
function columnHead(s, key) {
  const { title, sort: sortable } = COLUMNS[key];
  if (!sortable) return html`<th scope="col" class="col-${key}">${title}</th>`;
  const now = sortOrder(s.filters);
  const active = now.key === key;
  const falling = active && isFalling(s.filters);
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
  if (narrows(s.filters)) return html`<div class="none"><p>No episode fits.</p></div>`;
  return html`<div class="none"><p>No episodes yet.</p>
    <p class="dim"><a href="#page=start">Play one, or let an agent play</a>, or record one from a shell:</p>
    <pre class="text">refold record workflow/hard --agent greedy --log LOG</pre></div>`;
}

function renderPage(s) {
  const { rows } = s.listing;
  const drawn = { head: (key) => columnHead(s, key), lead: (row) => compareBox(s, row) };
  const keys = KEYS.filter((key) => !(key in SELDOM) || rows.some(SELDOM[key]));
  const table = () => episodeTable(rows, keys, "Episodes", drawn);
  const more = () => html`<p class="more"><button type="button" ?disabled=${s.busy} @click=${s.more}>More episodes</button></p>`;
  return html`<main class="page"><div class="title"><h1>Episodes</h1><p class="dim" role="status">${countText(s)}</p></div>
    ${filterForm(s)}${filterChips(s)}
    ${s.wrong ? html`<p class="bad" role="alert">${visibleText(s.wrong)}</p>` : nothing}${leftOutNotice(s.listing.leftOut.values())}
    <div aria-busy=${String(s.busy)}>${rows.length ? table() : emptyList(s)}</div>
    ${s.listing.next === null ? nothing : more()}${comparePanel(s)}</main>`;
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

/** Applies the filters; asks the server again only if they have changed. */
function applyFilters(s) {
  const asked = queryOf(s.filters);
  if (Object.keys(asked).every((key) => asked[key] === s.wanted.asked[key])) return s.set({});
  s.wanted = new Listing(asked);
  return load(s);
}

function initialState(filters) {
  const listing = new Listing(queryOf(filters));
  const s = { filters, listing, wanted: listing, ticks: [], wrong: null, busy: false, writing: null, typing: null, draw: () => {} };
  s.set = (changes) => { Object.assign(s, changes); s.draw(); };
  s.change = (changes) => {
    Object.assign(s.filters, changes);
    clearTimeout(s.writing);
    s.writing = setTimeout(() => writeFilters(s.filters), WRITE_DELAY);
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
    s.filters = readFilters();
    await applyFilters(s);
  };
  window.addEventListener("hashchange", onHash);
  await onHash();
  return () => window.removeEventListener("hashchange", onHash);
}

/** Shows the episodes, newest first; as the user left them if the filters are the same. */
export async function showEpisodes(root, key, alive) {
  const filters = readFilters();
  const again = resumeState(filters);
  const s = again?.s ?? initialState(filters);
  const [{ tasks }] = await Promise.all([get("tasks"), again ? null : load(s)]);
  const draw = () => { if (alive()) render(renderPage(s), root); };
  const refreshOnce = async () => {
    const { listing } = s;
    await updateListing(s, listing, () => listing.refresh());
    if (alive()) drawInPlace(root, draw);
  };
  const refresh = async () => {
    await refreshOnce();
    while (alive() && s.listing.unread && !s.wrong) { // each request reads some more of the messages
      await wait(READING_PAUSE);
      await refreshOnce();
    }
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
    clearTimeout(s.typing);
  };
}
