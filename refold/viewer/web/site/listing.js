// The episodes that were asked for, newest first: page by page, and as they are now.
import { get, query } from "./api.js";

const PAGE = 50;
const MOST = 500;

function moved(known, row) {
  return !known || known.events !== row.events || known.ended !== row.ended || known.score !== row.score;
}

/** Episodes of a scenario or family, an agent, a run; *rows* are those that were loaded so far. */
export class Listing {
  constructor(asked) {
    this.asked = asked;
    this.rows = [];
    this.next = null;
  }

  ask(values) {
    return get(query("episodes", { ...this.asked, ...values }));
  }

  /** Loads the page that follows, the first if there is none. */
  async more() {
    const before = this.next;
    const page = await this.ask({ rewards: true, limit: PAGE, before });
    if (before !== this.next) return;
    this.rows = [...this.rows, ...page.episodes];
    this.next = page.next;
  }

  /** Looks for new episodes and for those that went on; rewards are asked for of these alone. */
  async refresh() {
    const limit = Math.min(MOST, Math.max(PAGE, this.rows.length));
    const found = await this.ask({ limit });
    const known = new Map(this.rows.map((row) => [row.id, row]));
    const places = [...found.episodes.keys()].filter((place) => {
      const row = found.episodes[place];
      return moved(known.get(row.id), row);
    });
    if (!places.length) return;
    const [first, last] = [places[0], places.at(-1)];
    const before = first ? found.episodes[first - 1].id : null;
    const fresh = await this.ask({ rewards: true, limit: last - first + 1, before });
    this.take(found, fresh.episodes);
  }

  /** Puts what was *found* before older rows; if none of it was known, these are forgotten. */
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
