/**
 * The only forms in which something of a picture can leave this page.
 *
 * A `Fingerprint` is made here alone, from what the worker answered; it holds text and numbers, nothing of the file.
 */

/**
 * @typedef {import("./worker.js").Answer} Answer
 */

const HEX = /^[0-9a-f]{64}$/;

/** Makes sure that nobody else makes one. */
const madeHere = Symbol("made here");

/** Text and numbers that nobody else can make, and nobody can change. */
class MadeHere {
  #fields;

  /**
   * @param {symbol} token
   * @param {Record<string, unknown>} fields
   */
  constructor(token, fields) {
    if (token !== madeHere) throw new TypeError("A fingerprint is made of a worker's answer.");
    this.#fields = Object.freeze(fields);
    Object.freeze(this);
  }

  toJSON() {
    return this.#fields;
  }
}

/** What a reported picture is known by, in the form that the server takes (`PictureIn`). */
export class Fingerprint extends MadeHere {
  /**
   * @param {Answer} answer
   * @returns {Fingerprint[]} one of a picture, one of each frame of an animation or a clip; of what could not be
   *   decoded one with the digest of the file
   */
  static of(answer) {
    const file = { file_sha256: digits(answer.fileSha256) };
    if (answer.frames.length === 0) return [new Fingerprint(madeHere, file)];
    return answer.frames.map((frame) => new Fingerprint(madeHere, { ...file, ...fieldsOf(frame) }));
  }
}

/** What an ordinary picture is known by (`OriginalIn`): no digest, since an equal file is nobody's business. */
export class OriginalFingerprint extends MadeHere {
  /**
   * @param {Answer} answer of a picture with enough detail
   */
  static of(answer) {
    const known = answer.frames[0]?.known;
    if (!known || answer.tiles === null) throw new TypeError("This picture has too little detail.");
    return new OriginalFingerprint(madeHere, {
      pdq: digits(known.hex.upright),
      quality: whole(known.quality),
      crops: known.crops.map(digits),
      tiles: btoa(String.fromCharCode(...answer.tiles)),
    });
  }
}

/**
 * @param {import("./worker.js").Frame} frame
 * @returns {Record<string, unknown>}
 */
function fieldsOf({ pixelsSha256, known }) {
  return {
    ...(pixelsSha256 === null ? {} : { pixels_sha256: digits(pixelsSha256) }),
    ...(known === null
      ? {}
      : {
          pdq: digits(known.hex.upright),
          quality: whole(known.quality),
          orientations: Object.fromEntries(Object.entries(known.hex).map(([name, hex]) => [name, digits(hex)])),
          crops: known.crops.map(digits),
          ...(known.stored === null ? {} : { nearest_512: digits(known.stored) }),
        }),
  };
}

/** @param {string} text */
function digits(text) {
  if (!HEX.test(text)) throw new TypeError("A fingerprint has 64 hexadecimal digits.");
  return text;
}

/** @param {number} quality */
function whole(quality) {
  if (!Number.isInteger(quality) || quality < 0 || quality > 100) throw new TypeError("A quality lies in 0..100.");
  return quality;
}
