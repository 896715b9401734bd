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
 * The same for loops that run millions of times: as many taps for each output, one after the other in one array.
 *
 * @typedef {{ first: Int32Array, reach: number, weights: Float64Array }} Band
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
 * Fills up with taps of weight 0, behind the last one or before the first, so that none lies outside.
 *
 * @param {Taps} taps
 * @returns {Band}
 */
export function bandOf({ first, weights }) {
  const reach = Math.max(...weights.map((of) => of.length));
  const side = Math.max(...weights.map((of, index) => first[index] + of.length));
  const from = first.map((at) => Math.min(at, side - reach));
  const all = new Float64Array(weights.length * reach);
  weights.forEach((of, index) => all.set(of, index * reach + first[index] - from[index]));
  return { first: from, reach, weights: all };
}

/**
 * Rows in, a picture of another size out.
 */
export class Sampler {
  /**
   * @param {Band} across along the rows
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
   * @param {number} from where the row begins in it
   */
  take(row, y, from = 0) {
    const { first, reach, weights } = this._across;
    const rows = this._rows;
    const width = this.width;
    let to = y * width;
    let of = 0;
    for (let index = 0; index < width; index++) {
      let at = from + first[index];
      const end = of + reach;
      // Four sums at once: one alone would wait for itself.
      let one = 0;
      let two = 0;
      let three = 0;
      let four = 0;
      for (; of + 3 < end; of += 4, at += 4) {
        one += weights[of] * row[at];
        two += weights[of + 1] * row[at + 1];
        three += weights[of + 2] * row[at + 2];
        four += weights[of + 3] * row[at + 3];
      }
      for (; of < end; of++, at++) one += weights[of] * row[at];
      rows[to++] = one + two + (three + four);
    }
  }

  /**
   * @param {Band} down along the columns
   * @returns {Float64Array} [down, width]
   */
  sampled({ first, reach, weights }) {
    const height = first.length;
    const width = this.width;
    const rows = this._rows;
    const found = new Float64Array(height * width);
    for (let y = 0; y < height; y++) {
      for (let tap = 0; tap < reach; tap++) {
        const weight = weights[y * reach + tap];
        let from = (first[y] + tap) * width;
        for (let to = y * width; to < (y + 1) * width; to++) found[to] += weight * rows[from++];
      }
    }
    return found;
  }

  /**
   * @param {Band} down along the columns
   * @returns {Uint8Array} the same in whole numbers
   */
  rounded(down) {
    const samples = this.sampled(down);
    const found = new Uint8Array(samples.length);
    for (let at = 0; at < samples.length; at++) found[at] = Math.round(samples[at]);
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
