/**
 * The fingerprint that StopNCII's list holds of a picture: of the pixels as they lie in the file, 512 × 512 of them.
 *
 * The twin of `Route.NEAREST_512` in `takeback/fingerprint/route.py`. No turn of EXIF's, no colour profile, and of a
 * larger picture only the nearest pixels, as facebook/ThreatExchange's WASM build has them (`pdq/cpp/io/pdqio.cpp`).
 */

import { PdqSampler, isTelling } from "./pdq.js";

/** Pixels; `NEAREST_SIDE` in `takeback/fingerprint/pdq.py`. */
const SIDE = 512;

/** Of 255: a canvas multiplies colour by alpha, and what is nearly transparent does not come back. */
const MIN_ALPHA = 32;

const JPEG = 0xffd8;
const JPEG_EXIF = 0xffe1;
const JPEG_PROFILE = 0xffe2;
const JPEG_SCAN = 0xffda;
const EXIF_NAME = 0x45786966; // "Exif"
const PNG = 0x89504e47;
const PNG_EXIF = 0x65584966; // "eXIf"

/** Takes the few pixels that count, of a picture's rows from the top to the last. */
export class StoredReader {
  /**
   * @param {number} width pixels
   * @param {number} height pixels
   */
  constructor(width, height) {
    const isLarge = Math.max(width, height) > SIDE;
    const [columns, rows] = isLarge ? [SIDE, SIDE] : [width, height];
    this._columns = Int32Array.from({ length: columns }, (_, index) => Math.floor((index * width) / columns));
    /** Which row of the picture each of ours is. */
    this.rows = Int32Array.from({ length: rows }, (_, index) => Math.floor((index * height) / rows));
    this._taken = 0;
    this._sampler = new PdqSampler(columns, rows, false);
    this._luminance = new Float32Array(columns);
    this._isHidden = false;
  }

  /**
   * @param {Uint8ClampedArray} rgba
   * @param {number} from where the row begins in it
   * @param {number} y
   */
  take(rgba, from, y) {
    if (this.rows[this._taken] !== y) return;
    for (let x = 0; x < this._columns.length; x++) {
      const at = from + 4 * this._columns[x];
      if (rgba[at + 3] < MIN_ALPHA) this._isHidden = true;
      this._luminance[x] = 0.299 * rgba[at] + 0.587 * rgba[at + 1] + 0.114 * rgba[at + 2];
    }
    // Of a picture that is wide and low, the same row counts several times.
    for (; this.rows[this._taken] === y; this._taken++) this._sampler.take(this._luminance, this._taken);
  }

  /** @returns {string | null} 64 hexadecimal digits; null where it says too little, or the pixels cannot be told */
  code() {
    const pdq = this._sampler.upright();
    return !this._isHidden && isTelling(pdq) ? pdq.hex : null;
  }
}

/**
 * Whether the browser shows the pixels as they lie in the file: a JPEG that has neither EXIF nor a profile.
 *
 * @param {ArrayBuffer} data
 */
export function isShownAsStored(data) {
  const bytes = new DataView(data);
  if (bytes.byteLength < 2 || bytes.getUint16(0) !== JPEG) return false;
  return [...partsOf(bytes)].every(({ name }) => name !== JPEG_EXIF && name !== JPEG_PROFILE);
}

/**
 * The code of any other picture, which is decoded once more for it.
 *
 * @param {Blob} file
 * @param {ArrayBuffer} data its bytes
 * @returns {Promise<string | null>} as of `StoredReader`; null also where the browser cannot give the pixels
 */
export async function storedCode(file, data) {
  const as = /** @type {const} */ ({ colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const shown = await createImageBitmap(withoutExif(file, data), as).catch(() => null);
  if (shown === null) return null;
  const { width, height } = shown;
  const reader = new StoredReader(width, height);
  const rgba = rowsOf(shown, reader.rows);
  shown.close();
  reader.rows.forEach((row, index) => reader.take(rgba, 4 * index * width, row));
  return reader.code();
}

/**
 * @param {ImageBitmap} shown
 * @param {Int32Array} rows
 * @returns {Uint8ClampedArray} those of its rows, in full width
 */
function rowsOf(shown, rows) {
  const canvas = new OffscreenCanvas(shown.width, rows.length);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("This browser has no canvas.");
  context.imageSmoothingEnabled = false;
  rows.forEach((from, row) => context.drawImage(shown, 0, from, shown.width, 1, 0, row, shown.width, 1));
  return context.getImageData(0, 0, shown.width, rows.length).data;
}

/**
 * The file with its EXIF cut out: Chromium turns a picture by it, whatever `imageOrientation` says.
 *
 * @param {Blob} file
 * @param {ArrayBuffer} data
 * @returns {Blob}
 */
function withoutExif(file, data) {
  const bytes = new DataView(data);
  for (const { name, kind, from, to } of partsOf(bytes)) {
    const isExif = name === PNG_EXIF || (name === JPEG_EXIF && kind === EXIF_NAME);
    if (isExif) return new Blob([file.slice(0, from), file.slice(to)], { type: file.type });
  }
  return file;
}

/**
 * The parts of a JPEG before its pixels, or of a PNG; nothing of any other file.
 *
 * @param {DataView} bytes
 * @returns {Generator<{ name: number, kind: number, from: number, to: number }>} `kind` is what a part begins with
 */
function* partsOf(bytes) {
  const isPng = bytes.byteLength > 8 && bytes.getUint32(0) === PNG;
  if (!isPng && (bytes.byteLength < 2 || bytes.getUint16(0) !== JPEG)) return;
  let from = isPng ? 8 : 2;
  while (from + 8 <= bytes.byteLength) {
    const name = isPng ? bytes.getUint32(from + 4) : bytes.getUint16(from);
    if (name === JPEG_SCAN) return;
    const to = isPng ? from + 12 + bytes.getUint32(from) : from + 2 + bytes.getUint16(from + 2);
    yield { name, kind: bytes.getUint32(from + 4), from, to };
    from = to;
  }
}
