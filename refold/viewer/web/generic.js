// Any family without a drawing of its own: its view as tables, and its words, which its package wrote.
import { html } from "./vendor/lit-html.js";
import { stateTables } from "./tables.js";
import { isObject } from "./fold.js";
import { valueCell } from "./text.js";

// An action of a family is an object whose first value is its kind; one of an external environment may be
// anything, such as a number, words or calls of tools.
const kindOf = (action) => {
  if (!isObject(action)) return action;
  return action.tool_calls?.[0]?.name ?? action.content ?? Object.values(action)[0];
};

/** The view without the messages in it, which the transcript shows as the conversation that they are. */
const withoutMessages = (view) => {
  const messages = view.observation?.messages;
  if (!Array.isArray(messages)) return view;
  const told = messages.length === 1 ? "1 message, in the transcript" : `${messages.length} messages, in the transcript`;
  return { ...view, observation: { ...view.observation, messages: told } };
};

export const generic = {
  prepare: () => ({}),
  picture: (made, doc, view, state) => html`<div class="any" tabindex="0" aria-label="State">
    ${stateTables(withoutMessages(view), withoutMessages(state.before), {})}</div>`,
  now: (doc, view) => Object.entries(view).filter(([, value]) => !isObject(value) && !Array.isArray(value))
    .slice(0, 8).map(([key, value]) => [key.replaceAll("_", " "), valueCell(value)]),
  letter: (action) => String(kindOf(action) ?? "?").charAt(0).toUpperCase(),
  target: () => null,
  has: () => false,
  columns: {},
};
