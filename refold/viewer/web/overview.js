// The page of a run, or of several compared, from its document; a server and files on disk share it.
import { drawMany } from "./many_runs.js";
import { drawRun } from "./one_run.js";
import { drawTwo } from "./two_runs.js";

const DRAWINGS = { "refold.run": drawRun, "refold.comparison": drawTwo, "refold.runs": drawMany };

/**
 * Draws the document *doc*, with *links* to episodes and runs.
 *
 * *live* says whether the run has moved a moment ago, so that it is being recorded.
 */
export function drawOverview(doc, links, live = false) {
  return DRAWINGS[doc.format](doc, links, live);
}
