/**
 * The frames of an animation or a clip that differ; the twin of `takeback/media/frames.py`.
 */

/** Most frames that one file is known by (the server's setting `max_frames`). */
const MAX_FRAMES = 16;

/** Mean difference (0..255) of a 32 × 32 grid up to which two frames show the same. */
const SAME_FRAME = 2;

/**
 * @typedef {import("./worker.js").Frame} Frame
 */

export class DistinctFrames {
  constructor() {
    /** @type {{ sample: Uint8Array, frame: Frame }[]} */
    this._held = [];
  }

  get isEmpty() {
    return this._held.length === 0;
  }

  /** @param {Uint8Array} sample */
  isNew(sample) {
    return this._held.every((held) => apart(held.sample, sample) > SAME_FRAME);
  }

  /**
   * When there are too many, of the two most alike the later goes: a picture that flashes by once is kept before the
   * hundredth step of a slow fade, and the first frame always stays.
   *
   * @param {Uint8Array} sample
   * @param {Frame} frame
   */
  add(sample, frame) {
    this._held.push({ sample, frame });
    if (this._held.length <= MAX_FRAMES) return;
    const nearest = this._held.map((held, index) =>
      Math.min(...this._held.slice(0, index).map((earlier) => apart(earlier.sample, held.sample))),
    );
    this._held.splice(nearest.indexOf(Math.min(...nearest.slice(1)), 1), 1);
  }

  /** @returns {Frame[]} in the order in which they came */
  kept() {
    return this._held.map((held) => held.frame);
  }
}

/**
 * @param {Uint8Array} one
 * @param {Uint8Array} other
 */
function apart(one, other) {
  let sum = 0;
  for (let index = 0; index < one.length; index++) sum += Math.abs(one[index] - other[index]);
  return sum / one.length;
}
