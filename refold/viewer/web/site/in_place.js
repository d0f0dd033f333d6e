// Drawing a list anew while somebody reads it.

function rowOf(root, id) {
  return [...root.querySelectorAll("tr[data-id]")].find((row) => row.dataset.id === id);
}

function focusables(row) {
  return [...row.querySelectorAll("a, input")];
}

/** Draws, and keeps scroll position and focus with their rows, which `data-id` names, although others are inserted. */
export function drawInPlace(root, draw) {
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
