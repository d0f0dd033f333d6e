// Two episodes of the log side by side.
import { showDiff } from "../diff.js";
import { plainLine } from "../text.js";
import { get } from "./api.js";

/** Shows the comparison that *key* names: two encoded ids separated by a slash. */
export async function showTwo(root, key, alive) {
  const doc = await get(`api/diff/${key}`);
  if (!alive()) return () => {};
  const [a, b] = [doc.a.episode.id, doc.b.episode.id];
  document.title = `${plainLine(a)} and ${plainLine(b)} · refold`;
  return showDiff(root, doc, { hash: { a, b } });
}
