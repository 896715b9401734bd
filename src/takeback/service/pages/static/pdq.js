/**
 * PDQ on the person's own device: the same 256 bits as the server computes, in the eight orientations.
 *
 * Facebook, "PDQ", 2019; facebook/ThreatExchange `pdq/`. The readable twin is `takeback/fingerprint/reference.py`. Sums
 * are float64 here and float32 there, so that a coefficient next to the median may fall on its other side: at most two
 * bits in a photograph.
 */

import { PLANE_SIDE, Sampler, bandOf, pdqTaps, pdqTapsBackwards } from "./sampling.js";

const BLOCK_SIDE = 16;

/** Pixels; a smaller side has no fingerprint (the reference's `MIN_HASHABLE_DIM`). */
const MIN_SIDE = 5;

/** Below this a picture has too little detail to be compared ("discard quality ≤ 49", `pdq/README.md`). */
const MIN_QUALITY = 50;

/** Fewer ones than this has no photograph; see `takeback/fingerprint/pdq.py`. */
const MIN_PLAUSIBLE_ONES = 100;

/**
 * @typedef {import("./sampling.js").Band} Band
 * @typedef {{ hex: string, quality: number }} Pdq 64 hexadecimal digits, bit 255 first; quality 0..100
 */

/** The eight ways a picture can be turned, by the names that the server has for them. */
export const ORIENTATIONS = /** @type {const} */ ([
  "upright", "rotated_90", "rotated_180", "rotated_270", "mirrored", "flipped", "transposed", "transversed",
]);

/** Takes the luminance of a picture row by row. */
export class PdqSampler {
  /**
   * @param {number} width pixels
   * @param {number} height pixels
   * @param {boolean} isTurned whether its orientations will be asked for
   */
  constructor(width, height, isTurned) {
    const isPlane = width === PLANE_SIDE && height === PLANE_SIDE;
    this._tooSmall = Math.min(width, height) < MIN_SIDE;
    const bands = isPlane ? { forwards: bandOf(identity(height)), backwards: bandOf(reversal(height)) } : null;
    this._down = bands ?? bandsOf(height);
    const across = bands ?? bandsOf(width);
    this._forwards = new Sampler(across.forwards, height);
    this._backwards = isTurned ? new Sampler(across.backwards, height) : null;
  }

  /**
   * @param {Float32Array} row
   * @param {number} y
   * @param {number} from where the row begins in it
   */
  take(row, y, from = 0) {
    this._forwards.take(row, y, from);
    this._backwards?.take(row, y, from);
  }

  /** @returns {Pdq} the fingerprint of the picture as it is */
  upright() {
    return this._tooSmall ? nothing() : pdqOfPlane(this._forwards.sampled(this._down.forwards));
  }

  /** @returns {Record<typeof ORIENTATIONS[number], Pdq>} the fingerprint of the picture turned each way */
  orientations() {
    if (this._backwards === null) throw new Error("Its orientations were not to be asked for.");
    if (this._tooSmall) {
      return /** @type {Record<typeof ORIENTATIONS[number], Pdq>} */ (
        Object.fromEntries(ORIENTATIONS.map((name) => [name, nothing()]))
      );
    }
    const { forwards, backwards } = this._down;
    const plain = this._forwards.sampled(forwards);
    const mirrored = this._backwards.sampled(forwards);
    const flipped = this._forwards.sampled(backwards);
    const both = this._backwards.sampled(backwards);
    return {
      upright: pdqOfPlane(plain),
      rotated_90: pdqOfPlane(transposed(flipped)),
      rotated_180: pdqOfPlane(both),
      rotated_270: pdqOfPlane(transposed(mirrored)),
      mirrored: pdqOfPlane(mirrored),
      flipped: pdqOfPlane(flipped),
      transposed: pdqOfPlane(transposed(plain)),
      transversed: pdqOfPlane(transposed(both)),
    };
  }
}

/**
 * The fingerprint of a rectangle of a grey picture.
 *
 * @param {Float32Array} plane [height, stride]
 * @param {number} stride
 * @param {{ left: number, top: number, width: number, height: number }} box
 * @returns {Pdq}
 */
export function pdqOfBox(plane, stride, box) {
  const sampler = new PdqSampler(box.width, box.height, false);
  for (let y = 0; y < box.height; y++) sampler.take(plane, y, (box.top + y) * stride + box.left);
  return sampler.upright();
}

/**
 * Whether it says enough of its picture to be given: detail enough, and a photograph's code.
 *
 * @param {Pdq} pdq
 */
export function isTelling(pdq) {
  let ones = 0;
  for (const digit of pdq.hex) ones += [0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4][parseInt(digit, 16)];
  return pdq.quality >= MIN_QUALITY && ones >= MIN_PLAUSIBLE_ONES;
}

/**
 * @param {Float64Array} samples [64, 64]
 * @returns {Pdq}
 */
function pdqOfPlane(samples) {
  const plane = new Float32Array(samples);
  return { hex: codeOf(cosineBlock(plane)), quality: detail(plane) };
}

/** @param {Float32Array} plane */
function detail(plane) {
  let total = 0;
  const step = (/** @type {number} */ from, /** @type {number} */ to) => {
    const difference = Math.fround(Math.fround(Math.fround(plane[from] - plane[to]) * 100) / 255);
    total += Math.abs(Math.trunc(difference));
  };
  for (let y = 0; y < PLANE_SIDE; y++) {
    for (let x = 0; x < PLANE_SIDE; x++) {
      const at = y * PLANE_SIDE + x;
      if (y + 1 < PLANE_SIDE) step(at, at + PLANE_SIDE);
      if (x + 1 < PLANE_SIDE) step(at, at + 1);
    }
  }
  return Math.min(100, Math.floor(total / 90));
}

/** √(2/64) cos(π/128 · (i + 1)(2 j + 1)); float32 [16, 64]. */
const COSINES = Float32Array.from({ length: BLOCK_SIDE * PLANE_SIDE }, (_, at) => {
  const i = Math.floor(at / PLANE_SIDE);
  const j = at % PLANE_SIDE;
  return Math.fround(Math.sqrt(2 / PLANE_SIDE)) * Math.cos((Math.PI / 2 / PLANE_SIDE) * ((i + 1) * (2 * j + 1)));
});

/**
 * Frequencies 1..16 of both directions, float32 [16, 16]; each sum runs in index order, rounded at each step.
 *
 * @param {Float32Array} plane
 */
function cosineBlock(plane) {
  const half = new Float32Array(BLOCK_SIDE * PLANE_SIDE);
  for (let i = 0; i < BLOCK_SIDE; i++) {
    for (let k = 0; k < PLANE_SIDE; k++) {
      const cosine = COSINES[i * PLANE_SIDE + k];
      for (let x = 0; x < PLANE_SIDE; x++) {
        const at = i * PLANE_SIDE + x;
        half[at] = Math.fround(half[at] + Math.fround(cosine * plane[k * PLANE_SIDE + x]));
      }
    }
  }
  const block = new Float32Array(BLOCK_SIDE * BLOCK_SIDE);
  for (let i = 0; i < BLOCK_SIDE; i++) {
    for (let j = 0; j < BLOCK_SIDE; j++) {
      let sum = 0;
      for (let k = 0; k < PLANE_SIDE; k++) {
        sum = Math.fround(sum + Math.fround(half[i * PLANE_SIDE + k] * COSINES[j * PLANE_SIDE + k]));
      }
      block[i * BLOCK_SIDE + j] = sum;
    }
  }
  return block;
}

/**
 * @param {Float32Array} block
 * @returns {string} which coefficients lie above the lower median; bit 16 i + j is coefficient (i, j), bit 255 first
 */
function codeOf(block) {
  const median = block.slice().sort()[block.length / 2 - 1];
  let hex = "";
  for (let bit = block.length - 1; bit > 0; bit -= 4) {
    let digit = 0;
    for (let next = bit; next > bit - 4; next--) digit = 2 * digit + (block[next] > median ? 1 : 0);
    hex += digit.toString(16);
  }
  return hex;
}

/** @param {Float64Array} plane [64, 64] */
function transposed(plane) {
  return plane.map((_, at) => plane[(at % PLANE_SIDE) * PLANE_SIDE + Math.floor(at / PLANE_SIDE)]);
}

/** @returns {Pdq} */
function nothing() {
  return { hex: "0".repeat(64), quality: 0 };
}

/** @type {Map<number, { forwards: Band, backwards: Band }>} The crops of a picture have their sides in common. */
const bandsOfSides = new Map();
const MOST_BANDS = 256;

/** @param {number} side */
function bandsOf(side) {
  const known = bandsOfSides.get(side);
  if (known !== undefined) return known;
  if (bandsOfSides.size >= MOST_BANDS) bandsOfSides.clear();
  const made = { forwards: bandOf(pdqTaps(side)), backwards: bandOf(pdqTapsBackwards(side)) };
  bandsOfSides.set(side, made);
  return made;
}

/** @param {number} side */
function identity(side) {
  return { first: Int32Array.from({ length: side }, (_, at) => at), weights: Array(side).fill(Float64Array.of(1)) };
}

/** @param {number} side */
function reversal(side) {
  return { first: identity(side).first.reverse(), weights: identity(side).weights };
}
