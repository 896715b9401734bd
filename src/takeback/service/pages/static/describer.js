/**
 * Describes pictures by a model, off the page's thread: 512 numbers of each, as `takeback/fingerprint/sscd.py` makes them.
 *
 * The page hands it the model and the program that runs it: its policy lets it connect to nothing.
 */

import { SQUARE_SIDE } from "./square.js";

/** ONNX Runtime Web, as the operator has it; what it loads besides comes as bytes. */
const RUNTIME = /** @type {string} */ ("/page/model/ort.wasm.bundle.min.mjs");

/** The quantised value of the number that is furthest from zero. */
const LARGEST = 127;

/**
 * First the model, answered with true; then one picture after the other, each answered with its numbers. Whatever fails
 * is answered with null.
 *
 * @typedef {{ wasm: ArrayBuffer, model: ArrayBuffer } | { square: Uint8Array }} Request
 * @typedef {true | Int8Array | null} Reply
 */

/** @type {any} */
let runtime = null;
/** @type {any} */
let session = null;

self.addEventListener("message", async (/** @type {MessageEvent<Request>} */ { data }) => {
  self.postMessage(await ("square" in data ? described(data.square) : loaded(data)).catch(() => null));
});

/** @param {{ wasm: ArrayBuffer, model: ArrayBuffer }} parts */
async function loaded({ wasm, model }) {
  runtime = await import(RUNTIME);
  runtime.env.wasm.wasmBinary = wasm;
  // More threads would be workers of its own, for which the policy has no room.
  runtime.env.wasm.numThreads = 1;
  session = await runtime.InferenceSession.create(new Uint8Array(model), { executionProviders: ["wasm"] });
  return true;
}

/**
 * @param {Uint8Array} square [288, 288, 3]
 * @returns {Promise<Int8Array>}
 */
async function described(square) {
  const image = new runtime.Tensor("uint8", square, [1, SQUARE_SIDE, SQUARE_SIDE, 3]);
  const { embedding } = await session.run({ image });
  /** @type {Float32Array} */
  const values = embedding.data;
  const furthest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (!(furthest > 0 && furthest < Infinity)) throw new Error("The model's answer has no direction.");
  return Int8Array.from(values, (value) => Math.round((value * LARGEST) / furthest));
}
