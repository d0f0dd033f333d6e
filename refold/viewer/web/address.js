// The address of what is shown, after its `#`: read, and written as what is shown changes.

/** What it was when it was last written or followed. */
let known = location.hash;

window.addEventListener("hashchange", () => { known = location.hash; });

/** What the address says, by name. */
export function readAddress() {
  return new URLSearchParams(location.hash.slice(1));
}

/** Writes *values*, unless another address was asked for, of which the event is still to come. */
function put(way, values) {
  if (location.hash !== known) return;
  history[way](null, "", `#${new URLSearchParams(values)}`);
  known = location.hash;
}

/** Makes the address say *values*, unless it leads elsewhere by now. */
export function writeAddress(values) {
  put("replaceState", values);
}

/** The same, and the way back leads to what it said until now. */
export function pushAddress(values) {
  put("pushState", values);
}
