// The view at each position, folded from the first view and the deltas. No rules here.

/** The state with a delta applied; unchanged parts are shared. The counterpart of deltas.py. */
function applyDelta(state, change) {
  const merged = { ...state };
  for (const [key, value] of Object.entries(change)) {
    merged[key] = isObject(value) && isObject(merged[key]) ? applyDelta(merged[key], value) : value;
  }
  return merged;
}

export function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function nextView(view, row) {
  return row.view ?? applyDelta(view, row.delta);
}

/** The views at all positions; events after the last step count as part of it. */
export function viewsOf(doc) {
  const views = [doc.start];
  for (const step of doc.steps) views.push(nextView(views[views.length - 1], step));
  if (doc.rest) views.push(nextView(views.pop(), doc.rest));
  return views;
}

/** The differences of two JSON values as [path, a, b]; objects are entered, lists compared whole. */
export function differences(a, b, path = "", found = []) {
  if (isObject(a) && isObject(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      differences(a[key], b[key], path ? `${path}.${key}` : key, found);
    }
  } else if (a !== b && JSON.stringify(a) !== JSON.stringify(b)) {
    found.push([path, a, b]);
  }
  return found;
}
