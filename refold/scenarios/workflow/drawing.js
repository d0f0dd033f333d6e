// How a workflow is drawn: the DAG of subtasks, workers as lanes, deadlines as flags.
// The viewer takes this module in as families/workflow.1.js: what it imports is relative to that.
// What the rules versions call things is in the hands of a *reading*; the picture is the same.
import { html, svg, nothing, noChange } from "../vendor/lit-html.js";
import { glyph } from "../icons.js";
import { layOutGraph } from "../layered.js";
import { fitText, plainLine, shortNumber } from "../text.js";

const HEIGHT = 38;
const MARGIN = 10;
const MOST_FOCUS = 60;
const LEAST_SCALE = 1;

/** The graph laid out once, in boxes as wide as the names ask for. */
function prepare(reading, doc) {
  const subtasks = reading.subtasks(doc);
  const ids = subtasks.map(([id]) => id);
  const needs = new Map(subtasks.map(([id, before]) => [id, [...new Set(before)]]));
  const longest = Math.max(...ids.map((id) => id.length));
  const width = Math.max(110, Math.min(184, longest * 7.45 + 33));
  const made = layOutGraph(ids, needs, { width, height: HEIGHT, across: 22, between: 11 });
  const gone = new Map();
  for (const [, subtask, , to, outcome] of doc.spans) {
    if (subtask && outcome === "permanent") gone.set(subtask, [...(gone.get(subtask) ?? []), to]);
  }
  return { ...made, reading, ids, needs, gone, box: width, due: reading.due(doc), nodes: new Map(), lines: new Map() };
}

function statusOf(graph, id, status, doc, at) {
  if (status !== "failed" || !graph.gone.has(id)) return graph.reading.status[status] ?? "pending";
  const ended = doc.spans.filter((span) => span[1] === id && span[3] !== null && span[3] <= at);
  return ended.length && ended[ended.length - 1][4] === "permanent" ? "gone" : "fail";
}

function under(kind, worker, open) {
  if (kind === "pending") return `waits for ${open}`;
  if (kind === "ready") return "ready";
  if (kind === "gone") return "failed for good there";
  return worker ?? (kind === "fail" ? "failed" : "");
}

function node(graph, id, { kind, worker, failed, open, acted, changed, picked }, still) {
  const { x, y } = graph.place.get(id);
  const [left, top] = [x - graph.box / 2, y - HEIGHT / 2];
  const due = graph.due.get(id);
  const room = graph.box - 30;
  const told = `${id}, ${under(kind, worker, open) || kind}${failed ? `, ${failed} failed attempts` : ""}${
    due ? `, due by ${graph.reading.time} ${due}` : ""}`;
  return svg`<g class="node ${kind} ${acted ? "acted" : ""} ${changed ? "changed" : ""} ${picked ? "picked" : ""}"
    role="button" tabindex=${still ? -1 : 0} data-pick=${id} aria-pressed=${picked} aria-label=${plainLine(told)}>
    <title>${plainLine(told)}</title>
    <rect x=${left} y=${top} width=${graph.box} height=${HEIGHT} rx="5" />
    ${glyph(kind, left + 8, top + HEIGHT / 2 - 6)}
    <text class="name" x=${left + 26} y=${top + 16}>${fitText(id, room + 2, 7.5)}</text>
    <text class="under" x=${left + 26} y=${top + 30}>${fitText(under(kind, worker, open), room - (due ? 30 : 0), 6.5)}</text>
    ${due ? svg`<g class="due">${glyph("flag", left + graph.box - 32, top + 20)}
      <text class="under" x=${left + graph.box - 6} y=${top + 30} text-anchor="end">${due}</text></g>` : nothing}
    ${failed ? svg`<g class="badge"><circle cx=${left + graph.box - 12} cy=${top + 11} r="7.500" />
      <text x=${left + graph.box - 12} y=${top + 14.5}>${failed}</text></g>` : nothing}</g>`;
}

function curve(points) {
  return points.slice(1).map(([x, y], place) => {
    const [fromX, fromY] = points[place];
    const middle = (fromX + x) / 2;
    return `${place ? "" : `M${fromX} ${fromY}`}C${middle} ${fromY} ${middle} ${y} ${x} ${y}`;
  }).join("");
}

function edges(graph, view) {
  const half = graph.box / 2;
  return graph.edges.map(({ from, to, points }, place) => {
    const met = graph.reading.isDone(graph.reading.shown(view)[from]);
    if (graph.lines.get(place) === met) return noChange;
    graph.lines.set(place, met);
    const ends = points.map(([x, y], step) =>
      [x + (step === 0 ? half : step === points.length - 1 ? -half : 0), y]);
    return svg`<path class=${met ? "edge met" : "edge"} d=${curve(ends)} data-edge="${from} ${to}" />`;
  });
}

function nodes(graph, doc, view, { at, picked }) {
  const { reading } = graph;
  const step = doc.steps[at - 1];
  const acted = step && reading.target(step.action);
  const touched = reading.shown(step?.delta ?? {}) ?? {};
  const subtasks = reading.shown(view);
  const still = graph.ids.length > MOST_FOCUS;
  return graph.ids.map((id) => {
    const [status, worker, failed] = subtasks[id];
    const open = graph.needs.get(id).filter((need) => !reading.isDone(subtasks[need])).length;
    const shown = {
      kind: statusOf(graph, id, status, doc, at), worker, failed, open,
      acted: id === acted, changed: Object.hasOwn(touched, id), picked: id === picked,
    };
    const key = Object.values(shown).join();
    if (graph.nodes.get(id) === key) return noChange;
    graph.nodes.set(id, key);
    return node(graph, id, shown, still);
  });
}

function picture(graph, doc, view, state) {
  const [wide, high] = [graph.width + 2 * MARGIN, graph.height + 2 * MARGIN];
  const scale = Math.max(LEAST_SCALE, Math.min(1.15, (state.width - 4) / wide, Math.max(1, (state.height - 4) / high)));
  const choose = (event) => {
    const id = event.target.closest("[data-pick]")?.dataset.pick;
    if (!id || !(event.type === "click" || event.key === "Enter" || event.key === " ")) return;
    event.preventDefault();
    state.pick(id);
  };
  return html`<svg class="graph" role="group" aria-label="Subtasks and what they need"
    width=${Math.round(wide * scale)} height=${Math.round(high * scale)}
    viewBox="${-MARGIN} ${-MARGIN} ${wide} ${high}" @click=${choose} @keydown=${choose}>
    ${edges(graph, view)}${nodes(graph, doc, view, state)}</svg>`;
}

/** The drawing of workflows as *reading* finds them in documents. */
export function drawWorkflow(reading) {
  return {
    ...reading,
    prepare: (doc) => prepare(reading, doc),
    picture,
    letter: (action) => reading.letters[reading.kind(action)] ?? "?",
    lanes: (doc) => doc.scenario.parameters.workers.map((each) => each.name),
    has: (graph, id) => graph.place.has(id),
  };
}

function deadlines(doc) {
  return new Map(doc.scenario.parameters.sla_milestones.map((each) => [each.subtask, each.deadline + 1]));
}

function now(doc, view) {
  const { time_budget: time, cost_budget: cost, capacity_limit: most } = doc.scenario.parameters;
  const busy = Object.values(view.workers).filter((each) => each[0] !== "offline").length;
  return [
    ["time left", `${view.left} of ${time}`],
    ["budget used", cost === null ? shortNumber(view.budget) : `${shortNumber(view.budget)} of ${shortNumber(cost)}`],
    ["active workers", `${view.active} of ${most}`],
    ["workers online", `${busy} of ${Object.keys(view.workers).length}`],
    ["failures, recovered", view.failures.join(", ")],
  ];
}

export const drawing = drawWorkflow({
  subtasks: (doc) => doc.scenario.parameters.subtasks.map((each) => [each.id, each.dependencies]),
  shown: (view) => view.subtasks,
  status: { pending: "pending", ready: "ready", in_progress: "run", completed: "done", failed: "fail" },
  isDone: ([status]) => status === "completed",
  time: "step",
  due: deadlines,
  kind: (action) => action.action_type,
  letters: { delegate: "D", retry: "R", abort: "A", synthesize: "S", wait: "·" },
  target: (action) => action.subtask_id ?? null,
  now,
  hint: (view) => view.hint,
  flags: (doc) => [...deadlines(doc)].map(([subtask, step]) =>
    ({ step, text: subtask, title: `${subtask} is due by step ${step}` })),
  ids: (doc, view) => ({ subtask_id: Object.keys(view.subtasks), agent_name: Object.keys(view.workers) }),
  columns: { subtasks: ["subtask", "status", "worker", "failed"], workers: ["worker", "status", "subtask", "speed"] },
});
