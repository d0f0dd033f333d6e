// Refusals of the server are shown where they occur; other errors, our bugs, are thrown on.
import { Refusal } from "./api.js";

/** Does *work* and returns the refusal that it meets, or null. */
export async function refusedBy(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error;
  }
  return null;
}

/** Does *work* and returns the text of the refusal that it meets, or null. */
export async function refusalOf(work) {
  return (await refusedBy(work))?.message ?? null;
}
