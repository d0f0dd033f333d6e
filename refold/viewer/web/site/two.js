// Two episodes of the log side by side, as the document of their difference tells.
import { showDiff } from "../diff.js";
import { flat } from "../text.js";
import { get } from "./api.js";

/** Shows the two episodes that *key* names: the path of an id and an id. */
export async function showTwo(root, key, alive) {
  const doc = await get(`api/diff/${key}`);
  if (!alive()) return () => {};
  const [a, b] = [doc.a.episode.id, doc.b.episode.id];
  document.title = `${flat(a)} and ${flat(b)} · refold`;
  return showDiff(root, doc, { hash: { a, b } });
}
