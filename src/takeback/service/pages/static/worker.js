/**
 * Reads a file off the page's thread, and answers with what it is known by, or null where it failed; the page asks for
 * one at a time. It sends nothing anywhere: the policy lets a worker of this address connect to nothing.
 */

import { DistinctFrames } from "./frames.js";
import { PictureReader, cropsOf, tilesOf } from "./picture.js";
import { isTelling } from "./pdq.js";
import { storedCode } from "./stored.js";

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
  const fileSha256 = hex(await crypto.subtle.digest("SHA-256", data));
  const distinct = new DistinctFrames();
  let tiles = null;
  for await (const shown of clip.length > 0 ? clip : pictures(file, data)) {
    const isFirst = distinct.isEmpty;
    const { seen, pixelsSha256, sample } = await read(shown, isFirst && isSquared);
    shown.close();
    if (!distinct.isNew(sample)) continue;
    const turned = Object.entries(seen.orientations);
    // A code that no photograph has is refused by the service, with all of the notice: it is no fingerprint.
    const known = turned.every(([, pdq]) => isTelling(pdq))
      ? {
          hex: Object.fromEntries(turned.map(([name, pdq]) => [name, pdq.hex])),
          quality: seen.orientations.upright.quality,
          crops: isFirst ? cropsOf(seen.small) : [],
          // Lists of others hold pictures as they are stored, and a clip by another algorithm; no ordinary ones.
          stored: isFirst && clip.length === 0 && !isOriginal ? await storedCode(file, data) : null,
          square: seen.square,
        }
      : null;
    distinct.add(sample, { pixelsSha256, known });
    if (isFirst && isOriginal) {
      tiles = tilesOf(seen.small);
      break;
    }
  }
  const frames = distinct.kept();
  // The blank frame of an animation is in many: it counts only where there is no other.
  const telling = frames.filter(({ known }) => known !== null);
  const why = frames.length === 0 ? "unreadable" : telling.length === 0 ? "plain" : "";
  return { fileSha256, frames: telling.length > 0 ? telling : frames.slice(0, 1), tiles, why };
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
 */
async function read(shown, isSquared) {
  const [width, height] = shown instanceof ImageBitmap ? [shown.width, shown.height] : [shown.displayWidth, shown.displayHeight];
  const canvas = new OffscreenCanvas(width, Math.min(height, STRIP_ROWS));
  const context = canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  if (context === null) throw new Error("This browser has no canvas.");
  const reader = new PictureReader(width, height, isSquared);
  const digested = width * height <= MAX_DIGEST_PIXELS ? pixelBytes(width, height) : null;
  let at = PIXELS_VERSION.length + 8;
  for (let top = 0; top < height; top += STRIP_ROWS) {
    const rows = Math.min(STRIP_ROWS, height - top);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, rows);
    context.drawImage(shown, 0, -top);
    const { data } = context.getImageData(0, 0, width, rows);
    reader.take(data, top);
    if (digested === null) continue;
    for (let from = 0; from < data.length; from += 4) {
      digested[at++] = data[from];
      digested[at++] = data[from + 1];
      digested[at++] = data[from + 2];
    }
  }
  const pixelsSha256 = digested === null ? null : hex(await crypto.subtle.digest("SHA-256", digested));
  return { seen: reader.seen(), pixelsSha256, sample: reader.sample() };
}

/**
 * What is digested of a picture (`pixel_digest` in `takeback/fingerprint/digest.py`), before its pixels.
 *
 * @param {number} width
 * @param {number} height
 */
function pixelBytes(width, height) {
  const bytes = new Uint8Array(PIXELS_VERSION.length + 8 + 3 * width * height);
  bytes.set(PIXELS_VERSION);
  const sizes = new DataView(bytes.buffer, PIXELS_VERSION.length);
  sizes.setUint32(0, height, true);
  sizes.setUint32(4, width, true);
  return bytes;
}

/** @param {ArrayBuffer} bytes */
function hex(bytes) {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
