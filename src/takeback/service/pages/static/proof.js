/**
 * Proofs of what a service attested, checked on this device down to the signature. The twin of `verify_proof` in
 * `takeback/audit/receipt.py`: RFC 6962 trees, c2sp.org/tlog-proof, c2sp.org/signed-note. It asks nobody.
 */

/**
 * @typedef {"unreadable" | "changed" | "elsewhere" | "later" | "signature" | "witness" | "unsupported"} Why
 * @typedef {{ about: string, at: string, kind: string, side: string, facts: Record<string, unknown> }} Attestation
 * @typedef {{ name: string, seconds: number | null }} Witnessed `seconds` since 1970, null where it was not checked
 * @typedef {{ attestation: Attestation, until: string, key: string, name: string, publicKey: string,
 *   witnesses: readonly Witnessed[] }} Proven
 */

const FIRST_LINE = "c2sp.org/tlog-proof@v1";
const MOST_CHARACTERS = 65_536;
const VEIL_DEPTH = 20;
const HASH_BYTES = 32;
const MOST_HASHES = 63;
const SIGNED_BY_LOG = 0x01;
const SIGNED_BY_WITNESS = 0x04;
const ID_BYTES = 4;
const TIME_BYTES = 8;

/** Why a proof does not hold. */
export class NotProven extends Error {
  /**
   * @param {Why} why
   * @param {string} who the witness whose signature does not fit
   */
  constructor(why, who = "") {
    super(why);
    this.why = why;
    this.who = who;
  }
}

/**
 * What the text of a proof proves; `NotProven` where it proves nothing.
 *
 * The key is the one that the proof brings: whose it is, the caller compares.
 *
 * @param {string} text
 * @param {readonly string[]} known keys of witnesses; lines of others are named and not checked
 * @returns {Promise<Proven>}
 */
export async function prove(text, known = []) {
  const { extra, index, path, checkpoint } = parsed(text);
  const attestation = /** @type {Attestation} */ (object(extra.attestation));
  const period = string(extra.period);
  const [first, until, attested] = period.split("\n");
  require(first === "takeback-period/1" && period.split("\n").length === 5, "unreadable");
  // 1. The attestation stands in its period.
  const leaf = await leafHash(await commitment(attestation, bytes(extra.salt)));
  const place = number(extra.place);
  const veil = list(extra.veil).map(bytes);
  require(veil.length === VEIL_DEPTH && place < 2 ** VEIL_DEPTH, "unreadable");
  require(same(await root(leaf, place, 2 ** VEIL_DEPTH, veil), bytes(attested)), "changed");
  // 2. It did not happen after the period ended.
  require(typeof attestation.at === "string" && attestation.at <= String(until), "later");
  // 3. The period stands in the log under this head.
  const { head, origin, size, expected, lines } = noted(checkpoint);
  const entry = await leafHash(new TextEncoder().encode(period));
  require(same(await root(entry, index, size, path), expected), "elsewhere");
  // 4. The head is signed by the key.
  const key = string(extra.key);
  const publicKey = await signedBy(key, origin, head, lines);
  // 5. What witnesses signed is that head.
  const witnesses = await witnessed(head, lines, known, key);
  return { attestation, until: String(until), key, name: origin, publicKey, witnesses };
}

/** @param {string} text */
function parsed(text) {
  require(text.length <= MOST_CHARACTERS, "unreadable");
  const plain = text.replaceAll("\r\n", "\n");
  const blank = plain.indexOf("\n\n");
  const [first, second = "", third = "", ...hashes] = plain.slice(0, Math.max(blank, 0)).split("\n");
  require(first === FIRST_LINE && second.startsWith("extra ") && third.startsWith("index "), "unreadable");
  /** @type {unknown} */
  let extra;
  try {
    extra = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(unbase64(second.slice(6))));
  } catch {
    throw new NotProven("unreadable");
  }
  const said = object(extra);
  require(said.format === 1, "unreadable");
  return { extra: said, index: digits(third.slice(6)), path: hashes.map(bytes), checkpoint: plain.slice(blank + 2) };
}

/**
 * A signed note, and the head of a log in it.
 *
 * @param {string} note
 */
function noted(note) {
  const blank = note.lastIndexOf("\n\n");
  const head = note.slice(0, blank + 1);
  const [origin = "", size = "", expected = ""] = head.split("\n");
  require(blank > 0 && note.endsWith("\n") && origin !== "", "unreadable");
  const lines = note.slice(blank + 2, -1).split("\n");
  require(
    lines.every((line) => line.startsWith("\u2014 ")),
    "unreadable",
  );
  return { head, origin, size: digits(size), expected: bytes(expected), lines };
}

/**
 * The public key, in base64, where the log's line under `head` was made with it.
 *
 * @param {string} key `name+id+base64`
 * @param {string} origin
 * @param {string} head
 * @param {readonly string[]} lines
 */
async function signedBy(key, origin, head, lines) {
  const [name = "", id = "", encoded = ""] = split(key);
  const material = unbase64(encoded);
  require(name === origin && material.length === 1 + HASH_BYTES && material[0] === SIGNED_BY_LOG, "signature");
  const named = new Uint8Array([...new TextEncoder().encode(`${name}\n`), ...material]);
  const expectedId = (await sha256(named)).slice(0, 4);
  require(hex(expectedId) === id, "signature");
  const line = lines.find((each) => {
    const [, by, signed = ""] = each.split(" ");
    return by === name && hex(unbase64(signed).slice(0, 4)) === id;
  });
  require(line !== undefined, "signature");
  const signature = unbase64(String(line).split(" ")[2] ?? "").slice(4);
  const publicKey = material.slice(1);
  require(await verifies(publicKey, signature, new TextEncoder().encode(head)), "signature");
  return btoa(String.fromCharCode(...publicKey));
}

/**
 * Who signed `head` besides its log (c2sp.org/tlog-cosignature): each line is checked whose key is known.
 *
 * @param {string} head
 * @param {readonly string[]} lines
 * @param {readonly string[]} known
 * @param {string} log its key
 * @returns {Promise<Witnessed[]>}
 */
async function witnessed(head, lines, known, log) {
  const found = [];
  for (const line of lines) {
    const [, name = "", encoded = ""] = line.split(" ");
    const signed = unbase64(encoded);
    const id = hex(signed.slice(0, ID_BYTES));
    if (log.startsWith(`${name}+${id}+`)) continue;
    const key = known.find((each) => each.startsWith(`${name}+${id}+`));
    found.push({ name, seconds: key === undefined ? null : await cosigned(key, head, signed.slice(ID_BYTES)) });
  }
  return found;
}

/**
 * When a witness saw `head`, in seconds since 1970; `NotProven` names it where its signature does not fit.
 *
 * @param {string} key
 * @param {string} head
 * @param {Uint8Array<ArrayBuffer>} signed a time of eight bytes, and the signature
 */
async function cosigned(key, head, signed) {
  const [name = "", , encoded = ""] = split(key);
  const material = unbase64(encoded);
  const whole = signed.length > TIME_BYTES && material[0] === SIGNED_BY_WITNESS;
  const seconds = whole ? new DataView(signed.buffer).getBigUint64(0) : 0n;
  const message = new TextEncoder().encode(`cosignature/v1\ntime ${seconds}\n${head}`);
  if (!whole || !(await verifies(material.slice(1), signed.slice(TIME_BYTES), message))) {
    throw new NotProven("witness", name);
  }
  return Number(seconds);
}

/**
 * @param {Uint8Array<ArrayBuffer>} publicKey
 * @param {Uint8Array<ArrayBuffer>} signature
 * @param {Uint8Array<ArrayBuffer>} message
 */
async function verifies(publicKey, signature, message) {
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, signature, message);
  } catch {
    throw new NotProven("unsupported");
  }
}

/**
 * The root of a tree of `size` leaves in which `leaf` stands at `index` (RFC 9162 section 2.1.3.2). Sizes go up to
 * 2 ** 53, so halves are taken by division and not by shifting.
 *
 * @param {Uint8Array<ArrayBuffer>} leaf
 * @param {number} index
 * @param {number} size
 * @param {readonly Uint8Array<ArrayBuffer>[]} path
 */
async function root(leaf, index, size, path) {
  require(index < size && path.length <= MOST_HASHES, "elsewhere");
  let [place, last, node] = [index, size - 1, leaf];
  for (const sibling of path) {
    require(last > 0, "elsewhere");
    if (place % 2 === 1 || place === last) {
      node = await nodeHash(sibling, node);
      while (place % 2 === 0 && place > 0) [place, last] = [half(place), half(last)];
    } else {
      node = await nodeHash(node, sibling);
    }
    [place, last] = [half(place), half(last)];
  }
  require(last === 0, "elsewhere");
  return node;
}

/**
 * HMAC-SHA256 under the salt, over the one form of JSON that stands for an attestation (RFC 8785).
 *
 * @param {Attestation} attestation
 * @param {Uint8Array<ArrayBuffer>} salt
 */
async function commitment(attestation, salt) {
  const key = await crypto.subtle.importKey("raw", salt, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(canonical(attestation))));
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** @param {Uint8Array<ArrayBuffer>} data */
async function leafHash(data) {
  return sha256(new Uint8Array([0, ...data]));
}

/**
 * @param {Uint8Array<ArrayBuffer>} left
 * @param {Uint8Array<ArrayBuffer>} right
 */
async function nodeHash(left, right) {
  return sha256(new Uint8Array([1, ...left, ...right]));
}

/** @param {Uint8Array<ArrayBuffer>} data */
async function sha256(data) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

/** @param {number} value */
function half(value) {
  return Math.floor(value / 2);
}

/**
 * A key's three parts; base64 may hold further plus signs.
 *
 * @param {string} key
 */
function split(key) {
  const first = key.indexOf("+");
  const second = key.indexOf("+", first + 1);
  return [key.slice(0, first), key.slice(first + 1, second), key.slice(second + 1)];
}

/** @param {Uint8Array} data */
function hex(data) {
  return Array.from(data, (each) => each.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {Uint8Array} one
 * @param {Uint8Array} other
 */
function same(one, other) {
  return hex(one) === hex(other);
}

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
function unbase64(text) {
  try {
    return Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  } catch {
    throw new NotProven("unreadable");
  }
}

/** @param {unknown} text */
function bytes(text) {
  const found = unbase64(string(text));
  require(found.length === HASH_BYTES && btoa(String.fromCharCode(...found)) === text, "unreadable");
  return found;
}

/** @param {string} text */
function digits(text) {
  require(/^(0|[1-9][0-9]{0,15})$/.test(text), "unreadable");
  return number(Number(text));
}

/** @param {unknown} value */
function number(value) {
  require(typeof value === "number" && Number.isSafeInteger(value) && value >= 0, "unreadable");
  return Number(value);
}

/** @param {unknown} value */
function string(value) {
  require(typeof value === "string", "unreadable");
  return String(value);
}

/** @param {unknown} value */
function list(value) {
  require(Array.isArray(value), "unreadable");
  return /** @type {unknown[]} */ (value);
}

/** @param {unknown} value */
function object(value) {
  require(typeof value === "object" && value !== null && !Array.isArray(value), "unreadable");
  return /** @type {Record<string, unknown>} */ (value);
}

/**
 * @param {boolean} holds
 * @param {Why} why
 */
function require(holds, why) {
  if (!holds) throw new NotProven(why);
}
