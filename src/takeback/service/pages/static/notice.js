/**
 * A notice as it is sent: the one place that talks to the server.
 */

import { Fingerprint, OriginalFingerprint } from "./fingerprint.js";
import { workFor } from "./work.js";

/**
 * @typedef {{ role: string | null, authority: string, statement: string, signature: string, intimate: boolean,
 *   not_consensual: boolean, good_faith: boolean, under_18: boolean,
 *   contact: { name: string, email: string, phone: string, mailbox: boolean } }} Words
 * @typedef {{ pictures: readonly Fingerprint[], originals: readonly OriginalFingerprint[], links: readonly string[],
 *   words: Words }} Notice
 * @typedef {{ receipt: string, received_at: string, due_from_receipt_at: string, missing: object[],
 *   unjudged: object[], elsewhere: string[] }} Received
 * @typedef {{ name: string, citation: string, fields: Record<string, string> }} Law
 */

/** The server said no, or could not be reached. */
export class NotSent extends Error {}

/**
 * The exact letters that `submit` sends.
 *
 * Throws `TypeError` for anything but fingerprints that were made here, links and words: a file or its bytes cannot
 * be in a notice.
 *
 * @param {Notice} notice
 * @returns {string}
 */
export function bodyOf(notice) {
  if (!notice.pictures.every((each) => each instanceof Fingerprint)) throw new TypeError("Only fingerprints are sent.");
  if (!notice.originals.every((each) => each instanceof OriginalFingerprint)) {
    throw new TypeError("Only fingerprints are sent.");
  }
  onlyWords(notice.links);
  onlyWords(notice.words);
  const { pictures, originals, links, words } = notice;
  return JSON.stringify({ ...words, links, pictures, originals }, null, 1);
}

/**
 * Send a notice; the same `key` twice makes one case.
 *
 * @param {Notice} notice
 * @param {string} key
 * @returns {Promise<Received>}
 */
export async function submit(notice, key) {
  const body = bodyOf(notice);
  let answer = await post(body, key, {});
  let told = await answer.json().catch(() => ({}));
  if (answer.status === 429 && told.work) {
    answer = await post(body, key, { "Takeback-Work": await workFor(told.work) });
    told = await answer.json().catch(() => ({}));
  }
  if (answer.ok && typeof told.receipt !== "string") throw new NotSent("");
  if (!answer.ok) throw new NotSent([told.detail, told.advice].filter(Boolean).join(" ") || answer.statusText);
  return told;
}

/**
 * @param {string} body
 * @param {string} key
 * @param {Record<string, string>} headers
 */
async function post(body, key, headers) {
  try {
    return await fetch("/api/v1/notices", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": key, ...headers },
      body,
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
    });
  } catch {
    throw new NotSent("");
  }
}

/** What each field of a law means of a notice; the twin of `FIELDS` in `takeback/cases/notice.py`. */
const FIELDS = /** @type {Record<string, (notice: Notice) => boolean>} */ ({
  signature: ({ words }) => given(words.signature),
  role: ({ words }) => words.role !== null && (words.role === "me" || given(words.authority)),
  location: ({ pictures, originals, links }) => pictures.length + originals.length > 0 || links.some(isLink),
  statement: ({ words }) => given(words.statement),
  intimate: ({ words }) => words.intimate,
  not_consensual: ({ words }) => words.not_consensual,
  good_faith: ({ words }) => words.good_faith,
  contact: ({ words }) => given(words.contact.email) || given(words.contact.phone) || words.contact.mailbox,
  name: ({ words }) => given(words.contact.name),
  email: ({ words }) => given(words.contact.email),
});

/**
 * @param {Notice} notice
 * @param {Law} law
 * @returns {string[]} the fields that the law asks for and the notice lacks
 */
export function missingFields(notice, law) {
  return Object.keys(law.fields).filter((name) => !FIELDS[name](notice));
}

const LINK = new RegExp(
  String.raw`^(?:(?:https?:)?//)?(?:\[[0-9a-f:.]+\]|localhost|[^\s/?#:@]*[^\s/?#:@.]\.[^\s/?#:@.][^\s/?#:@]*)` +
    String.raw`(?::\d+)?(?:[/?#]\S*)?$`,
  "i",
);

/**
 * Whether a word can be a link; the twin of `names_a_place` in `takeback/cases/link.py`.
 *
 * @param {string} word
 */
export function isLink(word) {
  return LINK.test(word.replace(/^[<>"'“”„«»‹›,;]+|[<>"'“”„«»‹›,;]+$/g, ""));
}

/** @param {string} text */
function given(text) {
  return text.trim() !== "";
}

/**
 * @param {unknown} value
 */
function onlyWords(value) {
  if (value === null || ["string", "boolean"].includes(typeof value)) return;
  if (typeof value !== "object" || value instanceof Blob || value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    throw new TypeError("Only words are sent.");
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype) throw new TypeError("Only words are sent.");
  Object.values(value).forEach(onlyWords);
}
