// Reads the document that the page holds, and shows it.
import { html, render } from "./vendor/lit-html.js";
import { showEpisode } from "./episode.js";
import { showDiff } from "./diff.js";
import { shown } from "./text.js";

const SHOWS = { "refold.episode": showEpisode, "refold.diff": showDiff };
const VERSION = 1;

function bytesOf(text) {
  return Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

async function read() {
  const holder = document.getElementById("document");
  if (!holder) throw new Error("expected a document in this page, got none");
  if (holder.type !== "application/gzip") return JSON.parse(holder.textContent);
  const unpacked = new Blob([bytesOf(holder.textContent)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(unpacked).text());
}

function check(doc) {
  if (!(doc?.format in SHOWS)) throw new Error(`expected an episode or a difference, got ${doc?.format}`);
  if (doc.version > VERSION) {
    throw new Error(`expected a document of version ${VERSION} or older, got ${doc.version}; write the page anew`);
  }
  return doc;
}

const root = document.getElementById("app");
read().then((doc) => {
  const show = SHOWS[check(doc).format];
  root.replaceChildren();
  show(root, doc);
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}).catch((error) => {
  const told = document.createElement("div");
  root.prepend(told);
  render(html`<p class="error" role="alert">This page cannot be shown: ${shown(String(error.message))}</p>`, told);
  document.documentElement.dataset.ready = "error";
  throw error;
});
