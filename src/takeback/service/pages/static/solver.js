/**
 * Does the little work that the service asks for (`takeback/service/work.py`), off the page's thread.
 */

import { firstWordOfSha256 } from "./sha256.js";

/** @typedef {{ challenge: string, parts: number, bits: number }} Puzzle */

self.addEventListener("message", (/** @type {MessageEvent<Puzzle>} */ event) => {
  const { challenge, parts, bits } = event.data;
  const numbers = [];
  for (let part = 0; part < parts; part++) {
    let number = 0;
    while (firstWordOfSha256(`${challenge}:${part}:${number}`) >>> (32 - bits) !== 0) number++;
    numbers.push(number);
  }
  self.postMessage(`${challenge}.${numbers.join("-")}`);
});
