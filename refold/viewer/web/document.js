// The document that is embedded in a page on disk: read, checked, and shown.
import { html, render } from "./vendor/lit-html.js";
import { visibleText } from "./text.js";

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

function checkDocument(doc, views, expected) {
  if (!(doc?.format in views)) throw new Error(`expected ${expected}, got ${doc?.format}`);
  if (doc.version > VERSION) {
    throw new Error(`expected a document of version ${VERSION} or older, got ${doc.version}; write the page again`);
  }
  return doc;
}

/** Shows the page's document by that of *views* which has the name of its format; *expected* says in words which there are. */
export function showDocument(views, expected) {
  // data-ready tells tests, and whoever measures, that everything is drawn.
  const root = document.getElementById("app");
  return readDocument().then((doc) => {
    const show = views[checkDocument(doc, views, expected).format];
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
}
