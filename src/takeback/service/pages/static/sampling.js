/**
 * Pictures made small: rows come in one after the other, and what a fingerprint needs of them stays.
 *
 * A row is read once, whatever is asked for. Everything is a weighted sum along the row, then along the columns:
 * PDQ's filter at its 64 sample places, forwards and backwards, and area means for a smaller copy.
 */

/** Samples along each side of PDQ's plane (facebook/ThreatExchange, `pdq/`). */
export const PLANE_SIDE = 64;

/**
 * For each output the first input it takes and how much of each.
 *
 * @typedef {{ first: Int32Array, weights: Float64Array[] }} Taps
 */

/**
 * What PDQ's filter (a box of 1/128 of the side, twice) takes at each of its 64 sample places.
 *
 * @param {number} side pixels, at least 1
 * @returns {Taps}
 */
export function pdqTaps(side) {
  const window = Math.floor((side + 127) / 128);
  const ahead = Math.floor((window + 2) / 2) - 1;
  const from = (/** @type {number} */ at) => Math.max(at + ahead + 1 - window, 0);
  const to = (/** @type {number} */ at) => Math.min(at + ahead, side - 1);
  return taps(PLANE_SIDE, (index) => {
    const at = Math.floor(((index + 0.5) * side) / PLANE_SIDE);
    const first = from(from(at));
    const weights = new Float64Array(to(to(at)) - first + 1);
    const outer = 1 / (to(at) - from(at) + 1);
    for (let middle = from(at); middle <= to(at); middle++) {
      const inner = outer / (to(middle) - from(middle) + 1);
      for (let input = from(middle); input <= to(middle); input++) weights[input - first] += inner;
    }
    return { first, weights };
  });
}

/**
 * The same for the side read backwards: the filter's window is not symmetric.
 *
 * @param {number} side pixels
 * @returns {Taps}
 */
export function pdqTapsBackwards(side) {
  const forwards = pdqTaps(side);
  return taps(PLANE_SIDE, (index) => {
    const weights = forwards.weights[index].slice().reverse();
    return { first: side - forwards.first[index] - weights.length, weights };
  });
}

/**
 * Area means where it shrinks, linear between neighbours where it grows; no change of a side of the same length.
 *
 * @param {number} side pixels
 * @param {number} wanted pixels
 * @returns {Taps}
 */
export function scalingTaps(side, wanted) {
  const step = side / wanted;
  return taps(wanted, (index) => {
    if (wanted >= side) {
      const place = Math.min(Math.max((index + 0.5) * step - 0.5, 0), side - 1);
      const first = Math.min(Math.floor(place), Math.max(side - 2, 0));
      const part = place - first;
      return { first, weights: side === 1 ? Float64Array.of(1) : Float64Array.of(1 - part, part) };
    }
    const start = index * step;
    const end = start + step;
    const first = Math.floor(start);
    const last = Math.min(Math.ceil(end) - 1, side - 1);
    const weights = new Float64Array(last - first + 1);
    for (let input = first; input <= last; input++) {
      weights[input - first] = (Math.min(end, input + 1) - Math.max(start, input)) / step;
    }
    return { first, weights };
  });
}

/**
 * Rows in, a picture of another size out.
 */
export class Sampler {
  /**
   * @param {Taps} across along the rows
   * @param {number} height rows that will come
   */
  constructor(across, height) {
    this.width = across.first.length;
    this._across = across;
    /** Each row, sampled along itself; float64 [height, width]. */
    this._rows = new Float64Array(height * this.width);
  }

  /**
   * @param {Float32Array} row luminance of row `y`
   * @param {number} y
   */
  take(row, y) {
    const { first, weights } = this._across;
    const offset = y * this.width;
    for (let index = 0; index < this.width; index++) {
      const of = weights[index];
      const at = first[index];
      let sum = 0;
      for (let tap = 0; tap < of.length; tap++) sum += of[tap] * row[at + tap];
      this._rows[offset + index] = sum;
    }
  }

  /**
   * @param {Taps} down along the columns
   * @returns {Float64Array} [down, width]
   */
  sampled(down) {
    const height = down.first.length;
    const found = new Float64Array(height * this.width);
    for (let y = 0; y < height; y++) {
      const of = down.weights[y];
      for (let tap = 0; tap < of.length; tap++) {
        const row = (down.first[y] + tap) * this.width;
        for (let x = 0; x < this.width; x++) found[y * this.width + x] += of[tap] * this._rows[row + x];
      }
    }
    return found;
  }
}

/**
 * @param {number} count
 * @param {(index: number) => { first: number, weights: Float64Array }} of
 * @returns {Taps}
 */
function taps(count, of) {
  const first = new Int32Array(count);
  const weights = [];
  for (let index = 0; index < count; index++) {
    const one = of(index);
    first[index] = one.first;
    weights.push(one.weights);
  }
  return { first, weights };
}
