/**
 * Descriptors of her pictures, where the operator has a model for browsers and she asks for them.
 *
 * They are more than a notice needs, so nothing here can keep one back: whatever fails, or takes too long, is told, and
 * the notice goes with fingerprints alone.
 */

import { startWorker } from "./workers.js";

const MODEL = "/page/model/model.onnx";
const WASM = "/page/model/ort-wasm-simd-threaded.wasm";

/** How long nothing may come, of what is loaded or of one picture, before it is given up. */
const PATIENCE_MILLISECONDS = 60_000;

const MODEL_ID_DIGITS = 16;

/**
 * @typedef {{ model: string, values: Int8Array }} Descriptor
 * @typedef {{ model: string, bytes: number,
 *   words: { loading: string, ready: string, working: string, failed: string } }} Describing
 */

/** Loads the model when the box is ticked, and forgets it when the tick is taken away. */
export class Describer {
  /**
   * @param {Describing} describing
   * @param {HTMLInputElement} box
   * @param {HTMLElement} told
   */
  constructor(describing, box, told) {
    this._describing = describing;
    this._box = box;
    this._told = told;
    this._stopped = new AbortController();
    /** @type {Promise<Worker> | null} */
    this._worker = null;
    /** @type {WeakMap<Uint8Array, Descriptor>} */
    this._made = new WeakMap();
    box.addEventListener("change", () => (box.checked ? this._start() : this._stop("")));
  }

  /**
   * @param {Uint8Array} square a picture of 288 × 288
   * @returns {Promise<Descriptor | null>} null where she did not ask for it, and where it failed
   */
  async of(square) {
    const stopped = this._stopped.signal;
    const made = this._made.get(square);
    if (this._worker === null || made !== undefined) return (this._box.checked && made) || null;
    try {
      const worker = await unless(stopped, this._worker);
      this._tell(this._describing.words.working);
      const values = await unless(stopped, patient(asked(worker, { square })));
      if (!(values instanceof Int8Array)) throw new Error("This picture could not be described.");
      const descriptor = { model: this._describing.model, values };
      this._made.set(square, descriptor);
      this._tell(this._describing.words.ready);
      return descriptor;
    } catch {
      if (!stopped.aborted) this._fail();
      return null;
    }
  }

  _start() {
    const stopped = (this._stopped = new AbortController()).signal;
    this._worker = this._load(stopped);
    this._worker.then(
      () => this._tell(this._describing.words.ready),
      () => !stopped.aborted && this._fail(),
    );
  }

  /**
   * @param {AbortSignal} stopped
   * @returns {Promise<Worker>} one that has the model
   */
  async _load(stopped) {
    let loaded = 0;
    const count = (/** @type {number} */ bytes) => {
      loaded += bytes;
      const percent = Math.min(99, Math.floor((100 * loaded) / this._describing.bytes));
      this._tell(this._describing.words.loading.replace("{percent}", String(percent)));
    };
    count(0);
    const [model, wasm] = [await bytesOf(MODEL, stopped, count), await bytesOf(WASM, stopped, count)];
    if ((await idOf(model)) !== this._describing.model) throw new Error("This is another model.");
    const worker = startWorker("/page/describer.js");
    stopped.addEventListener("abort", () => worker.terminate());
    const answer = await unless(stopped, patient(asked(worker, { model, wasm }, [model, wasm])));
    if (answer !== true) throw new Error("This browser cannot run the model.");
    return worker;
  }

  _fail() {
    this._box.checked = false;
    this._stop(this._describing.words.failed);
  }

  /** @param {string} told */
  _stop(told) {
    this._worker = null;
    this._stopped.abort();
    this._tell(told);
  }

  /** @param {string} text */
  _tell(text) {
    if (this._told.textContent !== text) this._told.textContent = text;
  }
}

/**
 * @param {string} address
 * @param {AbortSignal} stopped
 * @param {(bytes: number) => void} count is told how much came
 * @returns {Promise<ArrayBuffer>}
 */
async function bytesOf(address, stopped, count) {
  const answer = await unless(stopped, patient(fetch(address, { signal: stopped, credentials: "omit", cache: "no-store" })));
  const reader = answer.body?.getReader();
  if (!answer.ok || reader === undefined) throw new Error("It could not be loaded.");
  const parts = [];
  for (;;) {
    const { done, value } = await unless(stopped, patient(reader.read()));
    if (done) return new Blob(parts).arrayBuffer();
    parts.push(value);
    count(value.length);
  }
}

/** @param {ArrayBuffer} model */
async function idOf(model) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", model));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, MODEL_ID_DIGITS);
}

/**
 * @param {Worker} worker
 * @param {import("./describer.js").Request} request
 * @param {Transferable[]} given
 * @returns {Promise<import("./describer.js").Reply>}
 */
function asked(worker, request, given = []) {
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = () => resolve(null);
    worker.postMessage(request, given);
  });
}

/**
 * @template T
 * @param {Promise<T>} awaited
 * @returns {Promise<T>}
 */
function patient(awaited) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("Nothing came.")), PATIENCE_MILLISECONDS));
  return Promise.race([awaited, /** @type {Promise<never>} */ (late)]);
}

/**
 * @template T
 * @param {AbortSignal} stopped
 * @param {Promise<T>} awaited
 * @returns {Promise<T>}
 */
function unless(stopped, awaited) {
  const gone = new Promise((_, reject) => {
    if (stopped.aborted) reject(new Error("It was stopped."));
    stopped.addEventListener("abort", () => reject(new Error("It was stopped.")), { once: true });
  });
  return Promise.race([awaited, /** @type {Promise<never>} */ (gone)]);
}
