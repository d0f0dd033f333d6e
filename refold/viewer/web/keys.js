// Keyboard shortcuts, the same as in the terminal; none with Ctrl, Alt or Meta, none in text fields.

export const HELP = [
  ["← →", "step back, forward"],
  ["Shift ← →, [ ]", "previous, next mark"],
  ["Home End", "start, last step"],
  [", .", "event by event"],
  ["Space", "play, pause"],
  ["/  n  N", "find in events and texts, or in the transcript; next, previous"],
  ["o", "open or fold all of the transcript"],
  ["g", "go to a step or an event"],
  ["f  d", "fork here, compare"],
  ["Enter, Esc", "select; deselect, close"],
  ["v", "go to the step that decided the episode"],
  ["c  t  z", "copy link, theme, hide the future"],
  ["?", "this list"],
];

// WCAG 2.1.4: shortcuts of a single character must be possible to turn off; these are none.
const ALWAYS_KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "Escape", " "]);

function acceptsText(element) {
  const kinds = ["text", "search", "number", "password"];
  return element.isContentEditable || ["TEXTAREA", "SELECT"].includes(element.tagName)
    || (element.tagName === "INPUT" && kinds.includes(element.type));
}

function handlesKey(element, key) {
  if (key === " ") return element.closest("button, summary, a, [role=button], [type=radio], [type=checkbox]") !== null;
  if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(key)) {
    return element.closest("[role=tablist], [type=radio]") !== null;
  }
  return false;
}

/** Calls actions by key; *letters* returns whether single characters count. Returns how to stop. */
export function listenToKeys(actions, letters) {
  const onKey = (event) => {
    const { key } = event;
    // A dialog that has just closed may still have the focus: then the page is meant.
    const left = event.target.closest?.("dialog:not([open])");
    const target = event.target.closest && !left ? event.target : document.body;
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]") || handlesKey(target, key)) return;
    if (acceptsText(target)) {
      if (key === "Escape") target.blur();
      return;
    }
    if (!ALWAYS_KEYS.has(key) && !letters()) return;
    const action = actions[event.shiftKey && key.startsWith("Arrow") ? `Shift${key}` : key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

/** The saved value of a setting, or null; browsers may deny storage to a page from disk. */
export function readSetting(choice) {
  try {
    return localStorage.getItem(`refold ${choice}`);
  } catch {
    return null;
  }
}

/** Saves a setting for the next time a page is opened, if the browser allows it. */
export function saveSetting(choice, value) {
  try {
    localStorage.setItem(`refold ${choice}`, value);
  } catch {
    // Then the setting lasts as long as the page.
  }
}

const THEMES = ["light", "dark"];

/** Switches between light and dark, whichever is shown. */
export function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  saveSetting("theme", root.dataset.theme);
}

if (THEMES.includes(readSetting("theme"))) document.documentElement.dataset.theme = readSetting("theme");
