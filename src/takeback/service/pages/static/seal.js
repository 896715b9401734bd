/**
 * Her words, sealed on this device to the people of the desk: the service that passes them on cannot read them. The
 * twin of `seal_words` in `takeback/cases/sealed.py`.
 */

/**
 * @typedef {{ id: string, recipient: string }} DeskKey the public key of one person of the desk
 */

/** The length of what is sealed tells how much she wrote only in steps of this many bytes. */
const PADDED_TO = 1024;
const SALT_BYTES = 16;

/** Makes sure that nobody else makes one. */
const madeHere = Symbol("made here");

/** Words that were sealed here, in the form that the server takes (`SealedIn`). */
export class Sealed {
  #fields;

  /**
   * @param {symbol} token
   * @param {Record<string, unknown>} fields
   */
  constructor(token, fields) {
    if (token !== madeHere) throw new TypeError("Words are sealed by `seal`.");
    this.#fields = Object.freeze(fields);
    Object.freeze(this);
  }

  toJSON() {
    return this.#fields;
  }
}

/**
 * Her words sealed; null where the people of the desk have no keys, or what seals could not be loaded: then they are
 * sealed when they arrive, and the page says so.
 *
 * @param {Record<string, unknown>} words
 * @param {readonly string[]} given the fields that are filled in, which is all that can be read of them
 * @param {readonly DeskKey[]} keys each of which opens it alone
 * @returns {Promise<Sealed | null>}
 */
export async function seal(words, given, keys) {
  if (keys.length === 0) return null;
  try {
    return await sealedTo(words, given, keys);
  } catch {
    return null;
  }
}

/**
 * @param {Record<string, unknown>} words
 * @param {readonly string[]} given
 * @param {readonly DeskKey[]} keys
 */
async function sealedTo(words, given, keys) {
  const { Encrypter } = await import("./age.js");
  const encrypter = new Encrypter();
  for (const { recipient } of keys) encrypter.addRecipient(recipient);
  // With a salt, the digest of what is inside tells nothing of her words.
  const salt = hex(crypto.getRandomValues(new Uint8Array(SALT_BYTES)));
  const inside = padded(new TextEncoder().encode(JSON.stringify({ salt, ...words })));
  return new Sealed(madeHere, {
    age: base64(await encrypter.encrypt(inside)),
    given,
    sha256: hex(new Uint8Array(await crypto.subtle.digest("SHA-256", inside))),
    desk_keys: keys.map(({ id }) => id),
  });
}

/**
 * With spaces at its end, which JSON ignores.
 *
 * @param {Uint8Array} bytes
 */
function padded(bytes) {
  const longer = new Uint8Array(Math.ceil(bytes.length / PADDED_TO) * PADDED_TO).fill(" ".charCodeAt(0));
  longer.set(bytes);
  return longer;
}

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {Uint8Array} bytes */
function base64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
