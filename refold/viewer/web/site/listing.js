// Episodes from the server, newest first: loaded page by page, and refreshed.
import { get, withQuery } from "./api.js";

const PAGE_SIZE = 50;
const MOST_ROWS = 500;

function hasChanged(known, row) {
  return !known || known.events !== row.events || known.ended !== row.ended || known.score !== row.score;
}

/** Episodes of a scenario or family, an agent, a run: *rows* are those loaded so far, *leftOut* those that cannot be read, by id. */
export class Listing {
  constructor(asked) {
    this.asked = asked;
    this.rows = [];
    this.next = null;
    this.leftOut = new Map();
  }

  async ask(values) {
    const page = await get(withQuery("episodes", { ...this.asked, ...values }));
    for (const each of page.left_out ?? []) this.leftOut.set(each.id, each);
    return page;
  }

  /** Loads the next page, or the first one. */
  async more() {
    const before = this.next;
    const page = await this.ask({ rewards: true, limit: PAGE_SIZE, before });
    if (before !== this.next) return; // a refresh has begun the list anew meanwhile
    this.rows = [...this.rows, ...page.episodes];
    this.next = page.next;
  }

  /** Loads new and changed episodes; rewards, the costly part, only for these. */
  async refresh() {
    const limit = Math.min(MOST_ROWS, Math.max(PAGE_SIZE, this.rows.length));
    const found = await this.ask({ limit });
    const known = new Map(this.rows.map((row) => [row.id, row]));
    const places = [...found.episodes.keys()].filter((place) => {
      const row = found.episodes[place];
      return hasChanged(known.get(row.id), row);
    });
    if (!places.length) return;
    const [first, last] = [places[0], places.at(-1)];
    const before = first ? found.episodes[first - 1].id : null;
    const fresh = await this.ask({ rewards: true, limit: last - first + 1, before });
    this.take(found, fresh.episodes);
  }

  /** Puts the rows *found* before older ones; drops those if there may be a gap between them. */
  take(found, fresh) {
    const known = new Map([...this.rows, ...fresh].map((row) => [row.id, row]));
    const ids = new Set(found.episodes.map((row) => row.id));
    const older = this.rows.filter((row) => !ids.has(row.id));
    const reached = older.length < this.rows.length;
    if (!reached) this.next = found.next;
    const rows = reached ? [...found.episodes, ...older] : found.episodes;
    this.rows = rows.map((row) => known.get(row.id)).filter((row) => row !== undefined);
  }
}
