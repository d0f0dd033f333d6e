// The entry of a page on disk that shows an episode, or two side by side.
import { showDocument } from "./document.js";
import { showEpisode } from "./episode.js";
import { showDiff } from "./diff.js";

showDocument({ "refold.episode": showEpisode, "refold.diff": showDiff }, "an episode or a difference");
