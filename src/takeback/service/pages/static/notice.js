/**
 * A notice as it is sent: the one place that talks to the server.
 */

import { Fingerprint, OriginalFingerprint } from "./fingerprint.js";
import { Sealed, seal } from "./seal.js";
import { workFor } from "./work.js";

/**
 * @typedef {import("./seal.js").DeskKey} DeskKey
 * @typedef {{ role: string | null, authority: string, statement: string, signature: string, intimate: boolean,
 *   not_consensual: boolean, good_faith: boolean,
 *   contact: { name: string, email: string, phone: string, mailbox: boolean } }} Words
 * @typedef {{ pictures: readonly Fingerprint[], originals: readonly OriginalFingerprint[], links: readonly string[],
 *   under_18: boolean, words: Words, sealed: Sealed | null, news: News | null,
 *   forward_to: readonly string[] }} Notice
 * @typedef {{ address: string, language: string }} News where mail goes when there is news
 * @typedef {{ receipt: string, ending: string, received_at: string, due_from_receipt_at: string, missing: object[],
 *   unjudged: object[], elsewhere: string[], news: string | null, state: string }} Received
 * @typedef {{ name: string, citation: string, fields: Record<string, string> }} Law
 */

/** The server said no, or could not be reached. `code` is the problem's stable name, empty where nobody answered. */
export class NotSent extends Error {
  /**
   * @param {string} why in English
   * @param {string} code
   */
  constructor(why, code = "") {
    super(why);
    this.code = code;
  }
}

/** The words are sealed to people who are not of the desk any more; nothing was made of the notice. */
export class DeskKeysChanged extends Error {
  /** @param {DeskKey[]} keys those of the present desk */
  constructor(keys) {
    super();
    this.keys = keys;
  }
}

/**
 * The exact letters that `submit` sends.
 *
 * Where they were sealed, her words are in it only so. Throws `TypeError` for anything but fingerprints and a seal
 * that were made here, links and words: a file or its bytes cannot be in a notice.
 *
 * @param {Notice} notice
 * @returns {string}
 */
export function bodyOf(notice) {
  onlyFingerprints(notice);
  if (notice.sealed !== null && !(notice.sealed instanceof Sealed)) throw new TypeError("Only a seal is sent.");
  onlyWords(notice.links);
  onlyWords(notice.words);
  onlyWords(notice.news);
  onlyWords(notice.forward_to);
  const { pictures, originals, links, under_18, words, sealed, news, forward_to } = notice;
  const said = sealed === null ? words : { sealed };
  const told = news === null ? {} : { news };
  const asked = forward_to.length === 0 ? {} : { forward_to };
  return JSON.stringify({ under_18, ...said, ...told, ...asked, links, pictures, originals }, null, 1);
}

/**
 * Send a notice; the same `key` twice makes one case.
 *
 * @param {Notice} notice
 * @param {string} key
 * @returns {Promise<Received>}
 */
export async function submit(notice, key) {
  const told = await send("", bodyOf(notice), { "Idempotency-Key": key });
  if (typeof told.receipt !== "string") throw new NotSent("");
  return told;
}

/**
 * Add links and pictures to the case of a receipt. Throws what `submit` does.
 *
 * @param {string} receipt
 * @param {Pick<Notice, "links" | "pictures" | "originals">} more
 */
export async function add(receipt, more) {
  onlyFingerprints(more);
  onlyWords(more.links);
  await send("/addition", JSON.stringify({ receipt, ...more }));
}

/**
 * Write to the people of the desk, sealed to them where they have `keys`.
 *
 * @param {string} receipt
 * @param {string} text
 * @param {readonly DeskKey[]} keys
 */
export async function write(receipt, text, keys) {
  await sendSealed("/message", { receipt }, text, keys);
}

/**
 * Say whether she agrees that something is shown again; what she writes is sealed as a message is.
 *
 * @param {string} receipt
 * @param {{ hearing: string, agrees: boolean, text: string }} answer
 * @param {readonly DeskKey[]} keys
 */
export async function say(receipt, { hearing, agrees, text }, keys) {
  await sendSealed("/hearing", { receipt, hearing, agrees }, text, keys);
}

/**
 * @param {string} path below the notices'
 * @param {object} body
 * @param {string} text nothing is sealed where it is empty
 * @param {readonly DeskKey[]} keys
 */
async function sendSealed(path, body, text, keys) {
  /** @param {readonly DeskKey[]} to */
  const sendTo = async (to) => {
    const sealed = text === "" ? null : await seal({ text }, [], to);
    await send(path, JSON.stringify({ ...body, ...(sealed === null ? { text } : { sealed }) }));
  };
  try {
    await sendTo(keys);
  } catch (problem) {
    if (!(problem instanceof DeskKeysChanged)) throw problem;
    await sendTo(problem.keys);
  }
}

/**
 * @param {string} path below the notices'
 * @param {string} body
 * @param {Record<string, string>} headers
 * @returns {Promise<any>}
 */
async function send(path, body, headers = {}) {
  let answer = await post(path, body, headers);
  let told = await answer.json().catch(() => ({}));
  if (answer.status === 429 && told.work) {
    answer = await post(path, body, { ...headers, "Takeback-Work": await workFor(told.work) });
    told = await answer.json().catch(() => ({}));
  }
  if (told.type === "urn:takeback:problem:desk-keys-changed") throw new DeskKeysChanged(await deskKeys());
  if (!answer.ok) {
    const why = [told.detail, told.advice].filter(Boolean).join(" ") || answer.statusText;
    throw new NotSent(why, String(told.type ?? "").split(":").at(-1));
  }
  return told;
}

/**
 * @param {string} path
 * @param {string} body
 * @param {Record<string, string>} headers
 */
function post(path, body, headers) {
  const sent = { "Content-Type": "application/json", ...headers };
  return ask(`/api/v1/notices${path}`, { method: "POST", headers: sent, body });
}

/** @returns {Promise<DeskKey[]>} */
async function deskKeys() {
  const answer = await ask("/api/v1/notices/desk-keys", {});
  if (!answer.ok) throw new NotSent("");
  return answer.json();
}

/**
 * @param {string} path
 * @param {RequestInit} request
 */
async function ask(path, request) {
  try {
    return await fetch(path, { ...request, credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" });
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
 * What stands beside words that are sealed, of each field whether it is filled in; the twin of `SEALED_FIELDS`.
 *
 * @param {Notice} notice
 * @returns {string[]}
 */
export function givenFields(notice) {
  const given = Object.keys(FIELDS).filter((name) => name !== "location" && FIELDS[name](notice));
  return notice.words.contact.phone.trim() === "" ? given : [...given, "phone"];
}

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

/** @param {Pick<Notice, "pictures" | "originals">} of */
function onlyFingerprints({ pictures, originals }) {
  const isOurs = pictures.every((each) => each instanceof Fingerprint);
  if (!isOurs || !originals.every((each) => each instanceof OriginalFingerprint)) {
    throw new TypeError("Only fingerprints are sent.");
  }
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
