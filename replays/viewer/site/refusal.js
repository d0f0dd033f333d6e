// What a server refuses is told where it was asked for; mistakes of ours are not hidden so.
import { Refusal } from "./api.js";

/** Does *work* and returns the words of the refusal that it met, null if it met none. */
export async function refusalOf(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.message;
  }
  return null;
}
