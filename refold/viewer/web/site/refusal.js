// What a server refuses is told where it was asked for; mistakes of ours are not hidden so.
import { Refusal } from "./api.js";

/** Does *work* and returns the refusal that it met, null if it met none. */
export async function refusedBy(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error;
  }
  return null;
}

/** Does *work* and returns the words of the refusal that it met, null if it met none. */
export async function refusalOf(work) {
  return (await refusedBy(work))?.message ?? null;
}
