// The Play page: choose a task, a seed, and who plays.
import { html, render, nothing } from "../vendor/lit-html.js";
import { visibleText } from "../text.js";
import { get, post } from "./api.js";
import { fixedScore } from "./marks.js";
import { refusalOf } from "./refusal.js";
import { addressOf, episodeTable } from "./rows.js";
import { playNew } from "./session.js";
import { agentsOf, taskOptions } from "./tasks.js";

const MOST_EPISODES = 100;
const ME = "me";
const KEYS = ["episode", "scenario", "agent", "score", "reward", "steps", "state"];

function taskText(task) {
  return html`<div class="about-task"><p><b>${visibleText(task.title)}</b></p><p>${visibleText(task.description)}</p>
    <p class="dim">rubric ${visibleText(task.rubric)}</p></div>`;
}

function taskOf(s, id) {
  return s.tasks.find((each) => each.task_id === id);
}

/** Chooses another task; falls back to playing by hand if the chosen agent cannot play it. */
function chooseTask(s, id) {
  const plays = agentsOf(s.agents, taskOf(s, id).family).some(({ name }) => name === s.who);
  s.set({ task: id, who: plays ? s.who : ME, wrong: null });
}

function playerChoice(s, value, text, what) {
  return html`<label class="player"><input type="radio" name="who" value=${value} .checked=${value === s.who}
    @change=${() => s.set({ who: value, wrong: null })}> <span><b>${text}</b> <span class="dim">${what}</span></span></label>`;
}

function numberField(label, field, { least, most, usual }) {
  return html`<label class="field">${label} <input type="number" name=${field} min=${least} max=${most} step="1"
    .value=${usual} required></label>`;
}

/** A field for any seed: a number field would round what lies above 2**53. */
function seedField(task) {
  return html`<label class="field">Seed <input type="text" name="seed" inputmode="numeric" pattern="[0-9]{1,19}"
    title="a whole number" autocomplete="off" placeholder=${`${task.seed_text ?? task.seed}, the task's own`}></label>`;
}

function startForm(s) {
  const task = taskOf(s, s.task);
  const words = s.who === ME ? "Play" : "Let it play";
  const submit = (event) => {
    event.preventDefault();
    startPlay(s, event.target.elements);
  };
  const run = html`<label class="field">Run <input type="text" name="run" maxlength=${MOST_EPISODES} autocomplete="off"
    placeholder="optional"></label>`;
  return html`<form class="begin" @submit=${submit}>
    <label class="field">Task <select name="task" @change=${(event) => chooseTask(s, event.target.value)}>
      ${taskOptions(s.tasks, s.task)}</select></label>
    ${taskText(task)}
    <fieldset><legend>Who plays</legend>${playerChoice(s, ME, "I do", "choose each action yourself")}
      ${agentsOf(s.agents, task.family).map(({ name, about: what }) => playerChoice(s, name, name, what))}</fieldset>
    <div class="chosen">${seedField(task)}
    ${s.who === ME ? nothing : html`${numberField("Episodes", "episodes", { least: 1, most: MOST_EPISODES, usual: "1" })}${run}`}</div>
    <p class="go"><button class="main" ?disabled=${s.busy}>${s.busy ? "playing…" : words}</button></p>
    ${s.wrong ? html`<p class="bad" role="alert">${visibleText(s.wrong)}</p>` : nothing}</form>`;
}

function resultTable({ episodes, mean, run }) {
  const all = `#${new URLSearchParams({ page: "episodes", run })}`;
  return html`<h2>Played</h2><p>Mean of the ${episodes.length} scores: <b>${fixedScore(mean)}</b>
    ${run ? html` · <a href=${all}>all of run ${visibleText(run)}</a>` : nothing}</p>
    ${episodeTable(episodes, KEYS, "Episodes that were played")}`;
}

function renderPage(s) {
  return html`<main class="page start"><div class="title"><h1>Play</h1></div>${startForm(s)}
    <div class="played" role="status">${s.result ? resultTable(s.result) : nothing}</div></main>`;
}

async function playByAgent(s, asked) {
  const found = await post("run", asked);
  if (!s.alive()) return;
  if (found.episodes.length === 1) {
    location.hash = addressOf(found.episodes[0].id);
    return;
  }
  s.set({ result: { ...found, run: asked.run } });
  s.root.querySelector(".played").scrollIntoView({ block: "nearest" });
}

async function startPlay(s, fields) {
  const asked = { task: s.task, seed: fields.seed.value === "" ? null : BigInt(fields.seed.value) };
  s.set({ busy: true, wrong: null, result: null });
  const wrong = await refusalOf(() => {
    if (s.who === ME) return playNew(asked, s.alive);
    const run = fields.run.value.trim() || null;
    return playByAgent(s, { ...asked, agent: s.who, episodes: Number(fields.episodes.value), run });
  });
  s.set({ busy: false, wrong });
}

/** Shows the Play page. */
export async function showStart(root, key, alive) {
  const { tasks, agents, default: usual } = await get("tasks");
  const s = { tasks, agents, task: usual, who: ME, busy: false, wrong: null, result: null, alive, root };
  s.set = (changes) => {
    Object.assign(s, changes);
    if (alive()) render(renderPage(s), root);
  };
  if (alive()) document.title = "Play · refold";
  s.set({});
  return () => {};
}
