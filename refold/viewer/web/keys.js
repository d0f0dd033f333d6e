// Keys, the same in page and terminal. None with Ctrl, Alt or Meta, none inside of text fields.

export const HELP = [
  ["← →", "a step back, a step on"],
  ["Shift ← →, [ ]", "previous, next mark"],
  ["Home End", "start, last step"],
  [", .", "event by event"],
  ["Space", "play, pause"],
  ["/  n  N", "find in events and texts; next, previous"],
  ["g", "go to a step or an event"],
  ["f  d", "fork here, compare"],
  ["Enter, Esc", "select; deselect, close"],
  ["c  t  z", "copy link, theme, hide the future"],
  ["?", "this list"],
];

const FREE = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "Escape", " "]);

function takesText(element) {
  const kinds = ["text", "search", "number", "password"];
  return element.isContentEditable || ["TEXTAREA", "SELECT"].includes(element.tagName)
    || (element.tagName === "INPUT" && kinds.includes(element.type));
}

function usesItself(element, key) {
  if (key === " ") return element.closest("button, summary, a, [role=button], [type=radio], [type=checkbox]") !== null;
  if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(key)) {
    return element.closest("[role=tablist], [type=radio]") !== null;
  }
  return false;
}

/** Calls actions by key; *letters* says whether keys that are letters or signs count. */
export function listen(actions, letters) {
  const onKey = (event) => {
    const { key } = event;
    const left = event.target.closest?.("dialog:not([open])");
    const target = event.target.closest && !left ? event.target : document.body;
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]") || usesItself(target, key)) return;
    if (takesText(target)) {
      if (key === "Escape") target.blur();
      return;
    }
    if (!FREE.has(key) && !letters()) return;
    const action = actions[event.shiftKey && key.startsWith("Arrow") ? `Shift${key}` : key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

/** What was kept of a choice, null if nothing was; a page from disk may not be allowed to keep. */
export function kept(choice) {
  try {
    return localStorage.getItem(`refold ${choice}`);
  } catch {
    return null;
  }
}

/** Keeps what was chosen for the next time a page is opened, if that is allowed. */
export function keep(choice, value) {
  try {
    localStorage.setItem(`refold ${choice}`, value);
  } catch {
    // Then it lasts as long as the page.
  }
}

const THEMES = ["light", "dark"];

/** Changes between light and dark, from whichever is shown. */
export function otherTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  keep("theme", root.dataset.theme);
}

if (THEMES.includes(kept("theme"))) document.documentElement.dataset.theme = kept("theme");
