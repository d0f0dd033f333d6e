// Positions of an episode: the first view and the deltas, merged. No rules here.

/** The state with the change; what did not change is shared. The other half of deltas.py. */
function merge(state, change) {
  const merged = { ...state };
  for (const [key, value] of Object.entries(change)) {
    merged[key] = isObject(value) && isObject(merged[key]) ? merge(merged[key], value) : value;
  }
  return merged;
}

export function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function next(view, row) {
  return row.view ?? merge(view, row.delta);
}

/** The view at every position, 0 to the last; what follows the last step belongs to that. */
export function positions(doc) {
  const views = [doc.start];
  for (const step of doc.steps) views.push(next(views[views.length - 1], step));
  if (doc.rest) views.push(next(views.pop(), doc.rest));
  return views;
}

/** Where two JSON values differ, as [path, a, b]; objects and lists of one length are entered. */
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
