/**
 * The whole of a picture as a model takes it: 288 × 288, aspect ignored.
 *
 * The twin of `square` in `takeback/fingerprint/sscd.py`.
 */

import { scalingTaps } from "./sampling.js";

/** Pixels; `SQUARE_SIDE` in `takeback/media/miniatures.py`. */
export const SQUARE_SIDE = 288;

const ROW_VALUES = 3 * SQUARE_SIDE;

/** Takes a picture's pixels row by row, the three colours at once. */
export class SquareReader {
  /**
   * @param {number} width pixels
   * @param {number} height pixels
   */
  constructor(width, height) {
    this._across = scalingTaps(width, SQUARE_SIDE);
    this._down = scalingTaps(height, SQUARE_SIDE);
    /** Each row, made narrow; [height, 288, 3]. */
    this._rows = new Float32Array(height * ROW_VALUES);
  }

  /**
   * @param {Uint8ClampedArray} rgba
   * @param {number} from where the row begins in it
   * @param {number} y
   */
  take(rgba, from, y) {
    const { first, weights } = this._across;
    let to = y * ROW_VALUES;
    for (let index = 0; index < SQUARE_SIDE; index++) {
      const of = weights[index];
      const last = of.length - 1;
      let at = from + 4 * first[index];
      let red = of[0] * rgba[at];
      let green = of[0] * rgba[at + 1];
      let blue = of[0] * rgba[at + 2];
      if (last > 0) {
        // All between the first and the last weigh the same; whole numbers are summed in half the time.
        let [reds, greens, blues] = [0, 0, 0];
        for (let tap = 1; tap < last; tap++) {
          at += 4;
          reds = (reds + rgba[at]) | 0;
          greens = (greens + rgba[at + 1]) | 0;
          blues = (blues + rgba[at + 2]) | 0;
        }
        at += 4;
        red += of[1] * reds + of[last] * rgba[at];
        green += of[1] * greens + of[last] * rgba[at + 1];
        blue += of[1] * blues + of[last] * rgba[at + 2];
      }
      this._rows[to++] = red;
      this._rows[to++] = green;
      this._rows[to++] = blue;
    }
  }

  /** @returns {Uint8Array} [288, 288, 3] */
  pixels() {
    const { first, weights } = this._down;
    const found = new Uint8Array(SQUARE_SIDE * ROW_VALUES);
    for (let y = 0; y < SQUARE_SIDE; y++) {
      const of = weights[y];
      for (let x = 0; x < ROW_VALUES; x++) {
        let sum = 0;
        for (let tap = 0; tap < of.length; tap++) sum += of[tap] * this._rows[(first[y] + tap) * ROW_VALUES + x];
        found[y * ROW_VALUES + x] = Math.round(sum);
      }
    }
    return found;
  }
}
