// To begin: a task, the seed of its world, and who plays it.
import { html, render, nothing } from "../vendor/lit-html.js";
import { flat, shown } from "../text.js";
import { get, post } from "./api.js";
import { fixed } from "./marks.js";
import { refusalOf } from "./refusal.js";
import { addressOf, episodeTable } from "./rows.js";
import { playNew } from "./session.js";
import { agentsOf, taskOptions } from "./tasks.js";

const MOST = 100;
const ME = "me";
const KEYS = ["episode", "scenario", "agent", "score", "reward", "steps", "state"];

function about(task) {
  return html`<div class="about-task"><p><b>${shown(task.title)}</b></p><p>${shown(task.description)}</p>
    <p class="dim">rubric ${shown(task.rubric)}</p></div>`;
}

function taskOf(s, id) {
  return s.tasks.find((each) => each.task_id === id);
}

/** Another task is chosen; so is who plays if the agent that was chosen cannot play it. */
function choose(s, id) {
  const plays = agentsOf(s.agents, taskOf(s, id).family).some(({ name }) => name === s.who);
  s.set({ task: id, who: plays ? s.who : ME, wrong: null });
}

function player(s, value, text, what) {
  return html`<label class="player"><input type="radio" name="who" value=${value} .checked=${value === s.who}
    @change=${() => s.set({ who: value, wrong: null })}> <span><b>${text}</b> <span class="dim">${what}</span></span></label>`;
}

function whole(label, field, least, most, placeholder, usual) {
  return html`<label class="field">${label} <input type="number" name=${field} min=${least} max=${most} step="1"
    placeholder=${placeholder} .value=${usual} ?required=${usual !== ""}></label>`;
}

function form(s) {
  const task = taskOf(s, s.task);
  const words = s.who === ME ? "Play" : "Let it play";
  const submit = (event) => {
    event.preventDefault();
    begin(s, event.target.elements);
  };
  const run = html`<label class="field">Run <input type="text" name="run" maxlength=${MOST} autocomplete="off"
    placeholder="a name, if you like"></label>`;
  return html`<form class="begin" @submit=${submit}>
    <label class="field">Task <select name="task" @change=${(event) => choose(s, event.target.value)}>
      ${taskOptions(s.tasks, s.task)}</select></label>
    ${about(task)}
    <fieldset><legend>Who plays</legend>${player(s, ME, "I do", "choose each action yourself")}
      ${agentsOf(s.agents, task.family).map(({ name, about: what }) => player(s, name, name, what))}</fieldset>
    <div class="chosen">${whole("Seed", "seed", 0, Number.MAX_SAFE_INTEGER, `${task.seed}, the task's own`, "")}
    ${s.who === ME ? nothing : html`${whole("Episodes", "episodes", 1, MOST, "", "1")}${run}`}</div>
    <p class="go"><button class="main" ?disabled=${s.busy}>${s.busy ? "playing…" : words}</button></p>
    ${s.wrong ? html`<p class="bad" role="alert">${shown(s.wrong)}</p>` : nothing}</form>`;
}

function result({ episodes, mean, run }) {
  const all = `#${new URLSearchParams({ page: "episodes", run })}`;
  return html`<h2>Played</h2><p>Mean of the ${episodes.length} scores: <b>${fixed(mean)}</b>
    ${run ? html` · <a href=${all}>all of run ${shown(run)}</a>` : nothing}</p>
    ${episodeTable(episodes, KEYS, "Episodes that were played")}`;
}

function page(s) {
  return html`<main class="page start"><div class="title"><h1>Play</h1></div>${form(s)}
    <div class="played" role="status">${s.result ? result(s.result) : nothing}</div></main>`;
}

async function letPlay(s, asked) {
  const found = await post("run", asked);
  if (!s.alive()) return;
  if (found.episodes.length === 1) {
    location.hash = addressOf(found.episodes[0].id);
    return;
  }
  s.set({ result: { ...found, run: asked.run } });
  s.root.querySelector(".played").scrollIntoView({ block: "nearest" });
}

async function begin(s, fields) {
  const asked = { task: s.task, seed: fields.seed.value === "" ? null : Number(fields.seed.value) };
  s.set({ busy: true, wrong: null, result: null });
  const wrong = await refusalOf(() => {
    if (s.who === ME) return playNew(asked, s.alive);
    const run = fields.run.value.trim() || null;
    return letPlay(s, { ...asked, agent: s.who, episodes: Number(fields.episodes.value), run });
  });
  s.set({ busy: false, wrong });
}

/** Shows what can be begun. */
export async function showStart(root, key, alive) {
  const { tasks, agents, default: usual } = await get("tasks");
  const s = { tasks, agents, task: usual, who: ME, busy: false, wrong: null, result: null, alive, root };
  s.set = (changes) => {
    Object.assign(s, changes);
    if (alive()) render(page(s), root);
  };
  if (alive()) document.title = "Play · refold";
  s.set({});
  return () => {};
}
