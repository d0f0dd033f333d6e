// The entry of a page on disk that shows a run, or several compared.
import { render } from "./vendor/lit-html.js";
import { showDocument } from "./document.js";
import { LINKS_ON_DISK } from "./overview_parts.js";
import { drawOverview } from "./overview.js";

const show = (root, doc) => render(drawOverview(doc, LINKS_ON_DISK), root);

showDocument({ "refold.run": show, "refold.comparison": show, "refold.runs": show }, "a run or a comparison of runs");
