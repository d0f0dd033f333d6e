// The part of the address after `#`, which says what is shown: read it, and keep it up to date.

/** The address as last written here or followed from a link. */
let lastAddress = location.hash;

window.addEventListener("hashchange", () => { lastAddress = location.hash; });

/** The values in the address, by name. */
export function readAddress() {
  return new URLSearchParams(location.hash.slice(1));
}

/**
 * Writes *values* by the method *way* of `history`, unless the address has changed meanwhile.
 *
 * A click on a link changes it at once, but its event comes later: writing in between would undo
 * the click.
 */
function setAddress(way, values) {
  if (location.hash !== lastAddress) return;
  history[way](null, "", `#${new URLSearchParams(values)}`);
  lastAddress = location.hash;
}

/** Replaces the address by *values*: the Back button skips what it said until now. */
export function writeAddress(values) {
  setAddress("replaceState", values);
}

/** Adds an address with *values*: the Back button leads to what it said until now. */
export function pushAddress(values) {
  setAddress("pushState", values);
}
