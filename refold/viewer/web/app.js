// The entry of a page on disk: reads the document embedded in the page and shows it.
import { html, render } from "./vendor/lit-html.js";
import { showEpisode } from "./episode.js";
import { showDiff } from "./diff.js";
import { visibleText } from "./text.js";

const VIEWS = { "refold.episode": showEpisode, "refold.diff": showDiff };
const VERSION = 1;

function bytesOf(text) {
  // Older browsers have no fromBase64(); a call for each letter is far slower on large documents.
  return Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

async function readDocument() {
  const holder = document.getElementById("document");
  if (!holder) throw new Error("expected a document in this page, got none");
  if (holder.type !== "application/gzip") return JSON.parse(holder.textContent);
  const unpacked = new Blob([bytesOf(holder.textContent)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(unpacked).text());
}

function checkDocument(doc) {
  if (!(doc?.format in VIEWS)) throw new Error(`expected an episode or a difference, got ${doc?.format}`);
  if (doc.version > VERSION) {
    throw new Error(`expected a document of version ${VERSION} or older, got ${doc.version}; write the page again`);
  }
  return doc;
}

// data-ready tells tests, and whoever measures, that everything is drawn.
const root = document.getElementById("app");
readDocument().then((doc) => {
  const show = VIEWS[checkDocument(doc).format];
  root.replaceChildren();
  show(root, doc);
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}).catch((error) => {
  const told = document.createElement("div");
  root.prepend(told);
  render(html`<p class="error" role="alert">This page cannot be shown: ${visibleText(String(error.message))}</p>`, told);
  document.documentElement.dataset.ready = "error";
  throw error;
});
