/**
 * What one picture is known by, from its pixels: fingerprints in eight orientations, of its crops, of its tiles.
 *
 * The twin of `takeback/workflow/picture.py`, `crops.py` and `tiles.py`. Nothing here can send anything.
 */

import { PdqSampler, isTelling, pdqOfBox } from "./pdq.js";
import { Sampler, bandOf, scalingTaps } from "./sampling.js";
import { SQUARE_SIDE, SquareReader } from "./square.js";

/** Pixels on the long side of the small grey copy that crops are cut from (`takeback/media/miniatures.py`). */
const SMALL_SIDE = 640;

/** `takeback/fingerprint/tiles.py`: the places of tiles, on a square of the same side as a model takes. */
const TILE_SIDE = 48;
const TILE_STEP = 24;
const GRID = 11;

/** `takeback/fingerprint/crops.py`, in its order. */
const ALL_SIDES = [0.025, 0.05, 0.075, 0.1, 0.125, 0.15, 0.175, 0.2, 0.225, 0.25, 0.3];
const ONE_SIDE = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5];
const TWO_SIDES = [0.05, 0.1, 0.125, 0.15, 0.2, 0.25];
const CORNERS = [0.15, 0.25, 0.33, 0.42, 0.5];
const SHAPES = [1, 0.8, 16 / 9];
const MIN_CROP_SIDE = 32;

const SAMPLE_GRID = 32;

/**
 * @typedef {import("./pdq.js").Pdq} Pdq
 * @typedef {{ width: number, height: number, data: Uint8Array }} Plane
 * @typedef {{ orientations: ReturnType<PdqSampler["orientations"]>, small: Plane, square: Uint8Array | null }} Seen
 */

/** Takes a picture's pixels from the top row to the last. */
export class PictureReader {
  /**
   * @param {number} width pixels
   * @param {number} height pixels
   * @param {boolean} isSquared whether a model may have to describe it
   */
  constructor(width, height, isSquared) {
    this._width = width;
    this._square = isSquared ? new SquareReader(width, height) : null;
    this._luminance = new Float32Array(width);
    this._pdq = new PdqSampler(width, height, true);
    const [smallWidth, smallHeight] = smallSize(width, height);
    this._small = new Sampler(bandOf(scalingTaps(width, smallWidth)), height);
    this._down = bandOf(scalingTaps(height, smallHeight));
    this._rows = middles(height);
    this._columns = middles(width);
    this._sample = new Uint8Array(3 * SAMPLE_GRID * SAMPLE_GRID);
  }

  /**
   * @param {Uint8ClampedArray} rgba opaque pixels of one row or more
   * @param {number} firstRow where the first of them lies
   */
  take(rgba, firstRow) {
    const width = this._width;
    const luminance = this._luminance;
    const pixels = new Int32Array(rgba.buffer, rgba.byteOffset, rgba.length / 4);
    for (let row = 0; row < pixels.length / width; row++) {
      this._square?.take(rgba, row * width * 4, firstRow + row);
      for (let x = 0, at = row * width; x < width; x++, at++) {
        const pixel = pixels[at];
        luminance[x] = 0.299 * (pixel & 255) + 0.587 * ((pixel >> 8) & 255) + 0.114 * ((pixel >> 16) & 255);
      }
      this._pdq.take(luminance, firstRow + row);
      this._small.take(luminance, firstRow + row);
      this._takeSample(rgba, row, firstRow + row);
    }
  }

  /** @returns {Uint8Array} a few of its pixels, by which frames are told apart (`takeback/media/frames.py`) */
  sample() {
    return this._sample;
  }

  /**
   * @param {Uint8ClampedArray} rgba
   * @param {number} row of `rgba`
   * @param {number} y of the picture
   */
  _takeSample(rgba, row, y) {
    for (let cell = 0; cell < SAMPLE_GRID; cell++) {
      if (this._rows[cell] !== y) continue;
      for (let column = 0; column < SAMPLE_GRID; column++) {
        const from = (row * this._width + this._columns[column]) * 4;
        this._sample.set(rgba.subarray(from, from + 3), 3 * (cell * SAMPLE_GRID + column));
      }
    }
  }

  /** @returns {Seen} */
  seen() {
    return {
      orientations: this._pdq.orientations(),
      small: { width: this._small.width, height: this._down.first.length, data: this._small.rounded(this._down) },
      square: this._square?.pixels() ?? null,
    };
  }
}

/**
 * The fingerprints of the crops that people make of a picture, those with too little detail left out.
 *
 * @param {Plane} plane
 * @returns {string[]} each 64 hexadecimal digits
 */
export function cropsOf(plane) {
  const found = [];
  const luminance = Float32Array.from(plane.data);
  for (const [left, top, right, bottom] of margins(plane.width, plane.height)) {
    const x = roundToEven(left * plane.width);
    const y = roundToEven(top * plane.height);
    const width = plane.width - roundToEven(right * plane.width) - x;
    const height = plane.height - roundToEven(bottom * plane.height) - y;
    if (Math.min(width, height) < MIN_CROP_SIDE) continue;
    const pdq = pdqOfBox(luminance, plane.width, { left: x, top: y, width, height });
    if (isTelling(pdq)) found.push(pdq.hex);
  }
  return found;
}

/**
 * The fingerprints of 121 parts of an ordinary picture, as `Tiles.to_bytes` writes them.
 *
 * @param {Plane} plane
 * @returns {Uint8Array}
 */
export function tilesOf(plane) {
  const square = Float32Array.from(scaled(plane, SQUARE_SIDE, SQUARE_SIDE).data);
  const count = GRID * GRID;
  const found = new Uint8Array(8 + 33 * count);
  found.set([0x54, 0x42, 0x54, 0x4c, 1, 0, count & 255, count >> 8]); // "TBTL", version, count: little endian
  for (let tile = 0; tile < count; tile++) {
    const box = {
      left: (tile % GRID) * TILE_STEP, top: Math.floor(tile / GRID) * TILE_STEP, width: TILE_SIDE, height: TILE_SIDE,
    };
    const pdq = pdqOfBox(square, SQUARE_SIDE, box);
    for (let byte = 0; byte < 32; byte++) {
      found[8 + 32 * tile + byte] = parseInt(pdq.hex.slice(2 * byte, 2 * byte + 2), 16);
    }
    found[8 + 32 * count + tile] = pdq.quality;
  }
  return found;
}

/**
 * @param {Plane} plane
 * @param {number} width
 * @param {number} height
 * @returns {Plane}
 */
function scaled(plane, width, height) {
  const sampler = new Sampler(bandOf(scalingTaps(plane.width, width)), plane.height);
  const luminance = Float32Array.from(plane.data);
  for (let y = 0; y < plane.height; y++) sampler.take(luminance, y, y * plane.width);
  return { width, height, data: sampler.rounded(bandOf(scalingTaps(plane.height, height))) };
}

/**
 * @param {number} width
 * @param {number} height
 * @returns {[number, number]} `plane_size` in `takeback/media/miniatures.py`
 */
function smallSize(width, height) {
  const longest = Math.max(width, height);
  if (longest <= SMALL_SIDE) return [width, height];
  const side = (/** @type {number} */ pixels) =>
    Math.max(1, Math.floor((2 * pixels * SMALL_SIDE + longest) / (2 * longest)));
  return [side(width), side(height)];
}

/**
 * @param {number} side
 * @returns {number[]} the pixel in the middle of each cell of the grid
 */
function middles(side) {
  return Array.from({ length: SAMPLE_GRID }, (_, index) => Math.floor(((2 * index + 1) * side) / (2 * SAMPLE_GRID)));
}

/**
 * What is cut off left, top, right and bottom, as shares of the sides.
 *
 * @param {number} width
 * @param {number} height
 * @returns {Generator<[number, number, number, number]>}
 */
function* margins(width, height) {
  for (const all of ALL_SIDES) yield [all, all, all, all];
  for (const one of ONE_SIDE) {
    yield [one, 0, 0, 0];
    yield [0, one, 0, 0];
    yield [0, 0, one, 0];
    yield [0, 0, 0, one];
  }
  for (const two of TWO_SIDES) {
    yield [two, 0, two, 0];
    yield [0, two, 0, two];
  }
  for (const corner of CORNERS) {
    yield [corner, corner, 0, 0];
    yield [0, corner, corner, 0];
    yield [corner, 0, 0, corner];
    yield [0, 0, corner, corner];
  }
  for (const shape of SHAPES) {
    const offWidth = 1 - (shape * height) / width;
    const offHeight = 1 - width / shape / height;
    if (offWidth > 0) yield [offWidth / 2, 0, offWidth / 2, 0];
    else if (offHeight > 0) yield [0, offHeight / 2, 0, offHeight / 2];
  }
}

/**
 * A half goes to the even neighbour, as Python's `round` has it.
 *
 * @param {number} value not negative
 */
function roundToEven(value) {
  const down = Math.floor(value);
  const part = value - down;
  if (part !== 0.5) return part < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}
