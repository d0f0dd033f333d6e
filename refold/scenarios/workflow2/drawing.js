// How a workflow of the rules version 2 is drawn: as one of the first, by its own names.
// The viewer takes this module in as families/workflow.2.js: what it imports is relative to that.
import { drawWorkflow } from "./workflow.1.js";
import { shortNumber } from "../text.js";

function due(doc) {
  return new Map(doc.scenario.parameters.tasks.filter((each) => each.due !== null).map((each) => [each.id, each.due]));
}

/** The position at which each tick has come, as far as the episode has. */
function positions(doc) {
  return new Map(doc.events.filter(([, , kind]) => kind === "tick_passed").map(([, step, , data]) => [data.tick, step + 1]));
}

function now(doc, view) {
  const { horizon, budget, capacity, workers } = doc.scenario.parameters;
  const here = Object.values(view.workers).filter((each) => each[0] !== "gone").length;
  return [
    ["tick", `${view.tick} of ${horizon}`],
    ["cost", `${shortNumber(view.cost)} of ${shortNumber(budget)}`],
    ["running tasks", `${view.running} of ${capacity}`],
    ["workers here", `${here} of ${workers.length}`],
    ["failed attempts", view.failures],
    ["careless acts", view.careless],
  ];
}

function flags(doc) {
  const at = positions(doc);
  return [...due(doc)].filter(([, tick]) => at.has(tick)).map(([task, tick]) =>
    ({ step: at.get(tick), text: task, title: `${task} is due by tick ${tick}` }));
}

export const drawing = drawWorkflow({
  subtasks: (doc) => doc.scenario.parameters.tasks.map((each) => [each.id, each.needs]),
  shown: (view) => view.tasks,
  status: { waiting: "pending", ready: "ready", running: "run", done: "done" },
  isDone: ([status]) => status === "done",
  time: "tick",
  due,
  kind: (action) => action.type,
  letters: { assign: "A", cancel: "C", advance: "·" },
  target: (action) => action.task ?? null,
  now,
  flags,
  ids: (doc, view) => ({ task: Object.keys(view.tasks), worker: Object.keys(view.workers) }),
  columns: { tasks: ["task", "status", "worker", "failed"], workers: ["worker", "status", "task", "pace"] },
});
