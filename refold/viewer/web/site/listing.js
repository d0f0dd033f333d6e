// Episodes from the server, in the order asked for: loaded page by page, and refreshed.
import { get, withQuery } from "./api.js";

const PAGE_SIZE = 50;
const MOST_ROWS = 500;
const COMPARED = ["events", "ended", "score", "verdict"];

function hasChanged(known, row) {
  return !known || COMPARED.some((key) => known[key] !== row[key]);
}

/**
 * The episodes that are *asked* for: *rows* are those loaded so far, *leftOut* those that cannot be read, by id.
 *
 * *count* fit of *total*, their mean score is *mean*; *errors* are what episodes met; the messages of *unread* are still to be searched;
 * *graders* name the saved grades.
 */
export class Listing {
  constructor(asked) {
    this.asked = asked;
    this.rows = [];
    this.next = null;
    this.leftOut = new Map();
    Object.assign(this, { count: 0, total: 0, mean: null, errors: [], unread: 0, graders: [] });
  }

  async ask(values) {
    const page = await get(withQuery("episodes", { ...this.asked, ...values }));
    for (const each of page.left_out ?? []) this.leftOut.set(each.id, each);
    const { count, total, mean, errors, unread, graders } = page;
    Object.assign(this, { count, total, mean, errors, unread, graders });
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
    if (!places.length) return this.take(found, []);
    const [first, last] = [places[0], places.at(-1)];
    const before = first ? found.episodes[first - 1].id : null;
    const fresh = await this.ask({ rewards: true, limit: last - first + 1, before });
    return this.take(found, fresh.episodes);
  }

  /** Puts the rows *found* in place of those up to the last of them; drops the rest if there may be a gap between them. */
  take(found, fresh) {
    const known = new Map([...this.rows, ...fresh].map((row) => [row.id, row]));
    const ids = new Set(found.episodes.map((row) => row.id));
    const last = this.rows.findLastIndex((row) => ids.has(row.id));
    if (last < 0) this.next = found.next;
    const older = last < 0 ? [] : this.rows.slice(last + 1);
    this.rows = [...found.episodes, ...older].map((row) => known.get(row.id)).filter((row) => row !== undefined);
  }
}
