/**
 * Reads a file off the page's thread, and answers with what it is known by, or null where it failed; the page asks for
 * one at a time. It sends nothing anywhere: the policy lets a worker of this address connect to nothing.
 */

import { DistinctFrames } from "./frames.js";
import { PictureReader, cropsOf, tilesOf } from "./picture.js";
import { isTelling } from "./pdq.js";
import { StoredReader, isShownAsStored, storedCode } from "./stored.js";

/** Rows that are read from the picture at once. */
const STRIP_ROWS = 256;

/** Beyond this, the digest of the pixels is left out: it would take a second copy of the picture in memory. */
const MAX_DIGEST_PIXELS = 50_000_000;

/** Frames of an animation that are looked at. */
const MAX_FRAMES_SEEN = 300;

const PIXELS_VERSION = new TextEncoder().encode("takeback/pixels/v1\0");

/**
 * `clip` holds frames of a video, which only the page itself can decode; `isSquared` asks for what a model takes.
 *
 * @typedef {{ file: Blob, clip: ImageBitmap[], isOriginal: boolean, isSquared: boolean }} Question
 * @typedef {{ hex: Record<string, string>, quality: number, crops: string[], stored: string | null,
 *   square: Uint8Array | null }} Known
 * @typedef {{ pixelsSha256: string | null, known: Known | null }} Frame
 * @typedef {{ fileSha256: string, frames: Frame[], tiles: Uint8Array | null, why: "" | "unreadable" | "plain" }} Answer
 * @typedef {ImageBitmap | VideoFrame} Shown
 */

self.addEventListener("message", async (/** @type {MessageEvent<Question>} */ event) => {
  self.postMessage(await look(event.data).catch(() => null));
});

/**
 * @param {Question} question
 * @returns {Promise<Answer>}
 */
async function look({ file, clip, isOriginal, isSquared }) {
  const data = await file.arrayBuffer();
  const fileSha256 = sha256(data);
  // Lists of others hold pictures as they are stored, and a clip by another algorithm; no ordinary ones.
  const isListed = clip.length === 0 && !isOriginal;
  const isAsStored = isListed && isShownAsStored(data);
  // What has to be decoded twice is, at the same time.
  const storedApart = isListed && !isAsStored ? storedCode(file, data) : null;
  const distinct = new DistinctFrames();
  let tiles = null;
  for await (const shown of clip.length > 0 ? clip : pictures(file, data)) {
    const isFirst = distinct.isEmpty;
    const { reader, stored, pixelsSha256 } = read(shown, isFirst && isSquared, isFirst && isAsStored);
    shown.close();
    const sample = reader.sample();
    if (!distinct.isNew(sample)) continue;
    const seen = reader.seen();
    const turned = Object.entries(seen.orientations);
    // A code that no photograph has is refused by the service, with all of the notice: it is no fingerprint.
    const known = turned.every(([, pdq]) => isTelling(pdq))
      ? {
          hex: Object.fromEntries(turned.map(([name, pdq]) => [name, pdq.hex])),
          quality: seen.orientations.upright.quality,
          crops: isFirst ? cropsOf(seen.small) : [],
          stored: isFirst ? (stored?.code() ?? (await storedApart)) : null,
          square: seen.square,
        }
      : null;
    distinct.add(sample, { pixelsSha256: await pixelsSha256, known });
    if (isFirst && isOriginal) {
      tiles = tilesOf(seen.small);
      break;
    }
  }
  const frames = distinct.kept();
  // The blank frame of an animation is in many: it counts only where there is no other.
  const telling = frames.filter(({ known }) => known !== null);
  const why = frames.length === 0 ? "unreadable" : telling.length === 0 ? "plain" : "";
  return { fileSha256: await fileSha256, frames: telling.length > 0 ? telling : frames.slice(0, 1), tiles, why };
}

/**
 * The picture in a file, or the frames of an animation; nothing where the browser cannot decode it.
 *
 * @param {Blob} file
 * @param {ArrayBuffer} data
 * @returns {AsyncGenerator<Shown>}
 */
async function* pictures(file, data) {
  const animation = await animationIn(file, data);
  if (animation !== null) {
    const frames = animation.tracks.selectedTrack?.frameCount ?? 0;
    for (let frameIndex = 0; frameIndex < Math.min(frames, MAX_FRAMES_SEEN); frameIndex++) {
      const decoded = await animation.decode({ frameIndex }).catch(() => null);
      // What is damaged after its first frames is known by those.
      if (decoded === null) break;
      yield decoded.image;
    }
    animation.close();
    return;
  }
  try {
    yield await createImageBitmap(file);
  } catch {
    // It is told by there being no frame.
  }
}

/**
 * @param {Blob} file
 * @param {ArrayBuffer} data
 * @returns {Promise<ImageDecoder | null>} None of a still picture, and in a browser that cannot tell frames apart
 */
async function animationIn(file, data) {
  if (typeof ImageDecoder === "undefined" || !(await ImageDecoder.isTypeSupported(file.type))) return null;
  const decoder = new ImageDecoder({ data, type: file.type });
  try {
    await decoder.tracks.ready;
    await decoder.completed;
    if ((decoder.tracks.selectedTrack?.frameCount ?? 0) > 1) return decoder;
  } catch {
    // Then it is tried as a still.
  }
  decoder.close();
  return null;
}

/**
 * @param {Shown} shown
 * @param {boolean} isSquared
 * @param {boolean} isAsStored whether these are the pixels as they lie in the file
 */
function read(shown, isSquared, isAsStored) {
  const [width, height] = shown instanceof ImageBitmap ? [shown.width, shown.height] : [shown.displayWidth, shown.displayHeight];
  const canvas = new OffscreenCanvas(width, Math.min(height, STRIP_ROWS));
  const context = canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  if (context === null) throw new Error("This browser has no canvas.");
  const reader = new PictureReader(width, height, isSquared);
  const stored = isAsStored ? new StoredReader(width, height) : null;
  const digested = width * height <= MAX_DIGEST_PIXELS ? new PixelBytes(width, height) : null;
  for (let top = 0; top < height; top += STRIP_ROWS) {
    const rows = Math.min(STRIP_ROWS, height - top);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, rows);
    context.drawImage(shown, 0, -top);
    const { data } = context.getImageData(0, 0, width, rows);
    reader.take(data, top);
    digested?.take(data);
    for (let row = 0; row < rows; row++) stored?.take(data, 4 * row * width, top + row);
  }
  // The browser digests in a thread of its own: it is waited for when the rest is done.
  return { reader, stored, pixelsSha256: digested === null ? null : sha256(digested.bytes()) };
}

/** What is digested of a picture (`pixel_digest` in `takeback/fingerprint/digest.py`). */
class PixelBytes {
  /**
   * @param {number} width
   * @param {number} height
   */
  constructor(width, height) {
    const head = PIXELS_VERSION.length + 8;
    // The pixels begin where a word of memory does.
    this._spare = -head & 3;
    this._at = this._spare + head;
    this._bytes = new Uint8Array(this._at + 3 * width * height);
    this._bytes.set(PIXELS_VERSION, this._spare);
    const sizes = new DataView(this._bytes.buffer, this._at - 8);
    sizes.setUint32(0, height, true);
    sizes.setUint32(4, width, true);
  }

  /** @param {Uint8ClampedArray} rgba of pixels whose number 4 divides, but for the last ones */
  take(rgba) {
    const fours = Math.floor(rgba.length / 16);
    const pixels = new Int32Array(rgba.buffer, rgba.byteOffset, 4 * fours);
    const words = new Int32Array(this._bytes.buffer, this._at, 3 * fours);
    for (let from = 0, to = 0; from < pixels.length; from += 4, to += 3) {
      const second = pixels[from + 1];
      const third = pixels[from + 2];
      words[to] = (pixels[from] & 0xffffff) | (second << 24);
      words[to + 1] = ((second >>> 8) & 0xffff) | (third << 16);
      words[to + 2] = ((third >>> 16) & 0xff) | (pixels[from + 3] << 8);
    }
    this._at += 12 * fours;
    for (let from = 16 * fours; from < rgba.length; from += 4, this._at += 3) {
      this._bytes.set(rgba.subarray(from, from + 3), this._at);
    }
  }

  bytes() {
    return this._bytes.subarray(this._spare);
  }
}

/**
 * @param {BufferSource} bytes
 * @returns {Promise<string>}
 */
async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
