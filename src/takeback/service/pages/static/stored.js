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
const JPEG_SCAN = 0xffda;
const EXIF_NAME = 0x45786966; // "Exif"
const PNG = 0x89504e47;
const PNG_EXIF = 0x65584966; // "eXIf"

/**
 * @param {Blob} file
 * @param {ArrayBuffer} data its bytes
 * @returns {Promise<string | null>} 64 hexadecimal digits; null where it says too little, or the browser cannot give
 *   the pixels as they are stored
 */
export async function storedCode(file, data) {
  const as = /** @type {const} */ ({ colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const shown = await createImageBitmap(withoutExif(file, data), as).catch(() => null);
  if (shown === null) return null;
  const isLarge = Math.max(shown.width, shown.height) > SIDE;
  const [width, height] = isLarge ? [SIDE, SIDE] : [shown.width, shown.height];
  const rgba = rowsOf(shown, height);
  const stride = shown.width;
  shown.close();
  const sampler = new PdqSampler(width, height);
  const luminance = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 4 * (y * stride + Math.floor((x * stride) / width));
      if (rgba[at + 3] < MIN_ALPHA) return null;
      luminance[x] = 0.299 * rgba[at] + 0.587 * rgba[at + 1] + 0.114 * rgba[at + 2];
    }
    sampler.take(luminance, y);
  }
  const pdq = sampler.upright();
  return isTelling(pdq) ? pdq.hex : null;
}

/**
 * @param {ImageBitmap} shown
 * @param {number} count
 * @returns {Uint8ClampedArray} `count` of its rows, in full width
 */
function rowsOf(shown, count) {
  const canvas = new OffscreenCanvas(shown.width, count);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("This browser has no canvas.");
  context.imageSmoothingEnabled = false;
  for (let row = 0; row < count; row++) {
    const from = Math.floor((row * shown.height) / count);
    context.drawImage(shown, 0, from, shown.width, 1, 0, row, shown.width, 1);
  }
  return context.getImageData(0, 0, shown.width, count).data;
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
