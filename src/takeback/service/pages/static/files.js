/**
 * The lists of chosen files: each is handed to the worker, and only what it is known by is kept.
 */

import { framesOf } from "./clip.js";
import { startWorker } from "./workers.js";

/**
 * @typedef {import("./worker.js").Answer} Answer
 * @typedef {import("./describing.js").Descriptor} Descriptor
 * @typedef {{ isOriginal: boolean, isSquared: boolean }} Wanted of a file, besides what it is known by in any case
 * @typedef {{ reading: string, ready: string, plain: string, unreadable: string, clip: string, failed: string,
 *   too_many: string, remove: string }} FileWords
 */

/** Asks the worker, started with the first file, about one file after the other: a phone has no memory for two. */
class Reader {
  constructor() {
    /** @type {Promise<Answer | null>} */
    this._before = Promise.resolve(null);
    /** @type {Worker | null} */
    this._worker = null;
  }

  /**
   * @param {File} file
   * @param {Wanted} wanted
   * @returns {Promise<Answer | null>} null where it failed
   */
  read(file, wanted) {
    this._before = this._before.then(() => this._ask(file, wanted)).catch(() => null);
    return this._before;
  }

  /**
   * @param {File} file
   * @param {Wanted} wanted
   * @returns {Promise<Answer | null>}
   */
  async _ask(file, wanted) {
    const clip = file.type.startsWith("video/") ? await framesOf(file) : [];
    const worker = (this._worker ??= startWorker("/page/worker.js"));
    return new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = () => {
        // It is gone; the next file starts another.
        this._worker = null;
        resolve(null);
      };
      worker.postMessage({ file, clip, ...wanted }, clip);
    });
  }
}

const reader = new Reader();

/**
 * One list of files, under one input.
 *
 * @template Made
 */
export class FileList {
  /**
   * @param {HTMLInputElement} input
   * @param {HTMLElement} list
   * @param {{ most: number, wanted: Wanted, words: FileWords,
   *   make: (answer: Answer, descriptor: Descriptor | null) => Made[] }} options
   */
  constructor(input, list, options) {
    this._list = list;
    this._options = options;
    /** @type {Map<HTMLElement, Answer>} */
    this._answers = new Map();
    /** @type {Set<Promise<void>>} */
    this._reading = new Set();
    input.addEventListener("change", () => this._takeFrom(input));
    // Also what was chosen before this script was there.
    this._takeFrom(input);
  }

  /**
   * @param {(square: Uint8Array) => Promise<Descriptor | null>} describe
   * @returns {Promise<Made[]>} what was made of each file, in the order of the list, once all are read
   */
  async made(describe) {
    while (this._reading.size > 0) await Promise.all(this._reading);
    const made = [];
    for (const item of [...this._list.children]) {
      const answer = this._answers.get(/** @type {HTMLElement} */ (item));
      if (answer === undefined) continue;
      const square = answer.frames[0]?.known?.square ?? null;
      made.push(...this._options.make(answer, square === null ? null : await describe(square)));
    }
    return made;
  }

  /** Keeps nothing of any file. */
  forget() {
    this._answers.clear();
    this._list.replaceChildren();
  }

  /** @param {HTMLInputElement} input */
  _takeFrom(input) {
    for (const file of input.files ?? []) this._take(file);
    // The input forgets them: the page holds no file longer than it takes to read it.
    input.value = "";
  }

  /** @param {File} file */
  _take(file) {
    const { most, words } = this._options;
    const item = document.createElement("li");
    const told = document.createElement("span");
    item.append(told);
    this._list.append(item);
    if (this._list.children.length > most) {
      this._refuse(item, told, file.name);
      return;
    }
    told.textContent = words.reading.replace("{name}", file.name);
    const reading = this._read(file, item, told).finally(() => this._reading.delete(reading));
    this._reading.add(reading);
  }

  /**
   * @param {File} file
   * @param {HTMLElement} item
   * @param {HTMLElement} told
   */
  async _read(file, item, told) {
    const { wanted, make, words } = this._options;
    const answer = await reader.read(file, wanted);
    const made = answer === null ? [] : make(answer, null);
    const held = [...this._answers.values()].flatMap((each) => make(each, null)).length;
    if (held + made.length > this._options.most) {
      this._refuse(item, told, file.name);
      return;
    }
    if (answer !== null && made.length > 0) this._answers.set(item, answer);
    item.classList.add(answer?.why === "" ? "good" : "bad");
    const clip = answer?.why === "unreadable" && file.type.startsWith("video/");
    const state = answer === null ? words.failed : clip ? words.clip : words[answer.why || "ready"];
    told.textContent = `${file.name}: ${state}`;
    this._addRemove(item, file.name);
  }

  /**
   * @param {HTMLElement} item
   * @param {HTMLElement} told
   * @param {string} name
   */
  _refuse(item, told, name) {
    told.textContent = `${name}: ${this._options.words.too_many.replace("{most}", String(this._options.most))}`;
    item.classList.add("bad");
    this._addRemove(item, name);
  }

  /**
   * @param {HTMLElement} item
   * @param {string} name
   */
  _addRemove(item, name) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "small plain";
    button.textContent = "×";
    button.setAttribute("aria-label", this._options.words.remove.replace("{name}", name));
    button.addEventListener("click", () => {
      this._answers.delete(item);
      item.remove();
    });
    item.append(" ", button);
  }
}
