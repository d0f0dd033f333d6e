// Two episodes of the log side by side, as the document of their difference tells.
import { showDiff } from "../diff.js";
import { get } from "./api.js";

/** Shows the two episodes that *key* names, an id and an id. */
export async function showTwo(root, key, alive) {
  const [a, b] = key.split(" ").map(encodeURIComponent);
  const doc = await get(`api/diff/${a}/${b}`);
  if (!alive()) return () => {};
  document.title = `${a} and ${b} · refold`;
  return showDiff(root, doc, { hash: { a: doc.a.episode.id, b: doc.b.episode.id } });
}
