/**
 * The little work that the service asks for where much came in at once: a second or so, in a worker.
 */

import { startWorker } from "./workers.js";

/**
 * @param {import("./solver.js").Puzzle} puzzle
 * @returns {Promise<string>} the answer that goes with the request
 */
export function workFor(puzzle) {
  const worker = startWorker("/page/solver.js");
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => resolve(data));
    worker.addEventListener("error", () => reject(new Error("The work could not be done.")));
    worker.postMessage(puzzle);
  }).finally(() => worker.terminate());
}
