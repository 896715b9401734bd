/**
 * The only forms in which something of a picture can leave this page.
 *
 * A `Fingerprint` is made here alone, from what the worker answered; it holds text and numbers, nothing of the file.
 */

/**
 * @typedef {import("./worker.js").Answer} Answer
 * @typedef {import("./describing.js").Descriptor} Descriptor
 */

const HEX = /^[0-9a-f]{64}$/;
const MODEL_ID = /^[0-9a-f]{16}$/;
const DESCRIPTOR_VALUES = 512;

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
   * @param {Descriptor | null} descriptor of the first frame
   * @returns {Fingerprint[]} one of a picture, one of each frame of an animation or a clip; of what could not be
   *   decoded one with the digest of the file
   */
  static of(answer, descriptor) {
    const file = { file_sha256: digits(answer.fileSha256) };
    if (answer.frames.length === 0) return [new Fingerprint(madeHere, file)];
    return answer.frames.map(
      (frame, index) => new Fingerprint(madeHere, { ...file, ...fieldsOf(frame, index === 0 ? descriptor : null) }),
    );
  }
}

/** What an ordinary picture is known by (`OriginalIn`): no digest, since an equal file is nobody's business. */
export class OriginalFingerprint extends MadeHere {
  /**
   * @param {Answer} answer of a picture with enough detail
   * @param {Descriptor | null} descriptor
   */
  static of(answer, descriptor) {
    const known = answer.frames[0]?.known;
    if (!known || answer.tiles === null) throw new TypeError("This picture has too little detail.");
    return new OriginalFingerprint(madeHere, {
      pdq: digits(known.hex.upright),
      quality: whole(known.quality),
      crops: known.crops.map(digits),
      tiles: btoa(String.fromCharCode(...answer.tiles)),
      ...described(descriptor),
    });
  }
}

/**
 * @param {import("./worker.js").Frame} frame
 * @param {Descriptor | null} descriptor
 * @returns {Record<string, unknown>}
 */
function fieldsOf({ pixelsSha256, known }, descriptor) {
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
          ...described(descriptor),
        }),
  };
}

/** @param {Descriptor | null} descriptor */
function described(descriptor) {
  if (descriptor === null) return {};
  const { model, values } = descriptor;
  if (!MODEL_ID.test(model) || !(values instanceof Int8Array) || values.length !== DESCRIPTOR_VALUES) {
    throw new TypeError("A descriptor has 512 numbers, and the model that made them.");
  }
  return { descriptor: { model, values: btoa(String.fromCharCode(...new Uint8Array(values.buffer))) } };
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
