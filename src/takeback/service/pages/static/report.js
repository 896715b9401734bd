/**
 * The form: files become fingerprints, the form becomes a notice, the notice is shown before it is sent.
 */

import { Describer } from "./describing.js";
import { FileList } from "./files.js";
import { Fingerprint, OriginalFingerprint } from "./fingerprint.js";
import { DeskKeysChanged, NotSent, bodyOf, givenFields, isLink, missingFields, submit } from "./notice.js";
import { seal } from "./seal.js";

/**
 * @typedef {Record<string, string>} Plural by the categories of `Intl.PluralRules`
 * @typedef {{ language: string, laws: import("./notice.js").Law[], deskKeys: import("./seal.js").DeskKey[],
 *   mostPictures: number, mostOriginals: number, mostLinks: number, tooManyLinks: string, notLinks: string,
 *   news: { review: string }, forward: { review: string }, instances: { id: string, name: string }[], problems: Record<string, string>, files: import("./files.js").FileWords,
 *   send: Record<string, string> & { pictures: Plural, originals: Plural,
 *   links: Plural }, fields: Record<string, string>, questions: { under_18: string },
 *   receipt: { received: string, due: string },
 *   letter: { label: string, copy: string, copied: string, body: string },
 *   describing: import("./describing.js").Describing | null }} PageData
 */

const data = /** @type {PageData} */ (JSON.parse(element("page-data").textContent ?? "{}"));
const form = /** @type {HTMLFormElement} */ (element("notice"));

const describer =
  data.describing === null ? null : new Describer(data.describing, input("describe"), element("describe-told"));
const isSquared = describer !== null;

const files = new FileList(input("files"), element("files-list"), {
  most: data.mostPictures,
  wanted: { isOriginal: false, isSquared },
  words: data.files,
  make: (answer, descriptor) => Fingerprint.of(answer, descriptor),
});
const originals = new FileList(input("originals"), element("originals-list"), {
  most: data.mostOriginals,
  wanted: { isOriginal: true, isSquared },
  words: data.files,
  make: (answer, descriptor) => (answer.why === "" ? [OriginalFingerprint.of(answer, descriptor)] : []),
});

/**
 * What she is shown before it is sent; `open` is the same with her words as she wrote them.
 *
 * @type {{ notice: import("./notice.js").Notice, open: string, key: string } | null}
 */
let reviewed = null;
let deskKeys = data.deskKeys;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = /** @type {HTMLButtonElement} */ (element("to-review"));
  button.disabled = true;
  try {
    const notice = await noticeOf();
    const problems = problemsOf(notice);
    showProblems(problems);
    if (problems.length === 0) await review(notice);
  } finally {
    button.disabled = false;
  }
});

// A link to another language would lose what she wrote.
form.addEventListener("input", () => document.querySelector("footer nav")?.remove(), { once: true });

element("use-offer").addEventListener("click", () => {
  const offered = form.querySelector(input("role-me").checked || chosen("role") === null ? ".for-me" : ".for-another");
  const statement = /** @type {HTMLTextAreaElement} */ (element("statement"));
  statement.value = [statement.value.trim(), offered?.textContent?.trim()].filter(Boolean).join(" ");
  statement.focus();
});

element("back").addEventListener("click", () => {
  element("review").hidden = true;
  form.hidden = false;
  element("to-review").focus();
});

element("send").addEventListener("click", async () => {
  if (reviewed === null) return;
  const button = /** @type {HTMLButtonElement} */ (element("send"));
  const label = button.textContent;
  button.disabled = true;
  button.textContent = data.send.sending;
  try {
    const { notice, key } = reviewed;
    showReceipt(await submit(notice, key), notice);
  } catch (problem) {
    await sayWhy(problem, reviewed.notice);
  } finally {
    button.disabled = false;
    button.textContent = label;
  }
});

element("print").addEventListener("click", () => print());

/**
 * @param {unknown} problem
 * @param {import("./notice.js").Notice} notice
 */
async function sayWhy(problem, notice) {
  const told = element("send-problem");
  if (problem instanceof DeskKeysChanged) {
    // Nothing was made of it. What is sent is sealed anew, and shown before.
    deskKeys = problem.keys;
    reviewed = null;
    await review({ ...notice, sealed: null });
    told.textContent = deskKeys.length > 0 ? data.send.keys_changed : data.send.sealed;
  } else {
    const why = problem instanceof NotSent ? (data.problems[problem.code] ?? problem.message) : "";
    told.textContent = why === "" ? data.send.offline : filled(data.send.failed, { why });
  }
  told.hidden = false;
}

/**
 * @param {Uint8Array} square
 * @returns {Promise<import("./describing.js").Descriptor | null>}
 */
async function describe(square) {
  return describer === null || chosen("under_18") === "yes" ? null : describer.of(square);
}

/** @returns {Promise<import("./notice.js").Notice>} */
async function noticeOf() {
  // All files first: what she answers meanwhile counts.
  const [pictures, ordinary] = [await files.made(describe), await originals.made(describe)];
  const isChild = chosen("under_18") === "yes";
  const links = value("links").split(/\s+/).filter(Boolean);
  return {
    pictures: isChild ? [] : pictures,
    originals: isChild ? [] : ordinary,
    links,
    under_18: isChild,
    sealed: null,
    forward_to: isChild ? [] : data.instances.map(({ id }) => id).filter((id) => input(`forward-${id}`).checked),
    news: newsAddress() === "" ? null : { address: newsAddress(), language: data.language },
    words: {
      role: chosen("role"),
      authority: chosen("role") === "me" ? "" : value("authority"),
      statement: value("statement"),
      signature: value("signature"),
      intimate: input("intimate").checked,
      not_consensual: input("not_consensual").checked,
      good_faith: input("good_faith").checked,
      contact: {
        name: value("name"),
        email: value("email"),
        phone: value("phone"),
        mailbox: input("mailbox").checked,
      },
    },
  };
}

/**
 * What has to be answered before it can be sent: the age, and what the law that lacks least still lacks.
 *
 * @param {import("./notice.js").Notice} notice
 * @returns {{ text: string, at: string }[]}
 */
function problemsOf(notice) {
  const problems = [];
  if (chosen("under_18") === null) problems.push({ text: data.questions.under_18, at: "under_18-yes" });
  const words = notice.links.filter((link) => !isLink(link));
  if (words.length > 0) problems.push({ text: filled(data.notLinks, { words: words.join(" ") }), at: "links" });
  if (notice.links.length > data.mostLinks) problems.push({ text: data.tooManyLinks, at: "links" });
  const lacking = data.laws.map((law) => missingFields(notice, law)).sort(byWhatIsEasier)[0] ?? [];
  for (const [name, at] of PLACES) if (lacking.includes(name)) problems.push({ text: data.fields[name], at });
  if (notice.news !== null && !input("news").validity.valid) {
    problems.push({ text: data.problems["malformed-address"], at: "news" });
  }
  return problems;
}

/**
 * A law that does not ask who she is comes before one that does, and then the one that lacks least; the twin of
 * `nearest_law` in `takeback/cases/notice.py`.
 *
 * @param {string[]} one
 * @param {string[]} other
 */
function byWhatIsEasier(one, other) {
  const asksWho = (/** @type {string[]} */ fields) => Number(fields.includes("name") || fields.includes("email"));
  return asksWho(one) - asksWho(other) || one.length - other.length;
}

/** Each field of a law in the form's order, and where it is filled in. */
const PLACES = new Map([
  ["role", "role-me"],
  ["location", "links"],
  ["intimate", "intimate"],
  ["not_consensual", "not_consensual"],
  ["statement", "statement"],
  ["good_faith", "good_faith"],
  ["contact", "mailbox"],
  ["email", "email"],
  ["name", "name"],
  ["signature", "signature"],
]);

/** @param {{ text: string, at: string }[]} problems */
function showProblems(problems) {
  const box = element("problems");
  const list = /** @type {HTMLElement} */ (box.querySelector("ul"));
  list.replaceChildren(
    ...problems.map(({ text, at }) => {
      const link = document.createElement("a");
      link.href = `#${at}`;
      link.textContent = text;
      link.addEventListener("click", (event) => {
        // The address stays as it is.
        event.preventDefault();
        element(at).closest("details")?.setAttribute("open", "");
        element(at).focus();
        element(at).scrollIntoView({ block: "center" });
      });
      return inItem(link);
    }),
  );
  box.hidden = problems.length === 0;
  if (problems.length > 0) box.focus();
}

/** @param {import("./notice.js").Notice} notice with her words open */
async function review(notice) {
  const open = bodyOf(notice);
  // The same notice keeps its seal and its key, so that one whose answer was lost makes no second case.
  if (reviewed === null || reviewed.open !== open) {
    const sealed = await seal(notice.words, givenFields(notice), deskKeys);
    reviewed = { notice: { ...notice, sealed }, open, key: randomKey() };
  }
  const isSealed = reviewed.notice.sealed !== null;
  const counted = /** @type {const} */ (["pictures", "originals", "links"])
    .filter((name) => notice[name].length > 0)
    .map((name) => plural(data.send[name], notice[name].length));
  const told = notice.news === null ? [] : [filled(data.news.review, { address: notice.news.address })];
  const names = data.instances.filter(({ id }) => notice.forward_to.includes(id)).map(({ name }) => name);
  const list = new Intl.ListFormat(data.language);
  const asked = names.length === 0 ? [] : [filled(data.forward.review, { names: list.format(names) })];
  element("review-list").replaceChildren(...[...counted, ...told, ...asked].map((text) => inItem(text)));
  element("review-laws").replaceChildren(...lawLines(notice).map((text) => inItem(text)));
  element("review-sealed").textContent = isSealed ? data.send.sealed_here : data.send.sealed;
  element("review-bytes").textContent = bodyOf(reviewed.notice);
  element("review-inside").hidden = !isSealed;
  element("review-words").textContent = JSON.stringify(notice.words, null, 1);
  element("send-problem").hidden = true;
  form.hidden = true;
  element("review").hidden = false;
  element("review-heading").focus();
  scrollTo(0, 0);
}

/** @param {import("./notice.js").Notice} notice */
function lawLines(notice) {
  const of = data.laws.map((law) => ({ law: law.name, missing: missingFields(notice, law) }));
  const complete = of.filter(({ missing }) => missing.length === 0).map(({ law }) => law);
  const list = new Intl.ListFormat(data.language);
  const lines = [filled(data.send.valid, { laws: list.format(complete) })];
  for (const { law, missing } of of.filter(({ missing }) => missing.length > 0)) {
    const fields = list.format(missing.map((name) => data.fields[name]));
    lines.push(`${filled(data.send.lacking, { law, fields })} ${data.send.still}`);
  }
  return lines;
}

/**
 * @param {import("./notice.js").Received} received
 * @param {import("./notice.js").Notice} notice
 */
function showReceipt(received, notice) {
  const moment = new Intl.DateTimeFormat(data.language, { dateStyle: "full", timeStyle: "short" });
  const at = (/** @type {string} */ text) => ({ moment: moment.format(new Date(text)) });
  element("receipt-words").textContent = received.receipt;
  element("receipt-ending").textContent = received.ending;
  input("recovery-ending").value = received.ending;
  element("receipt-received").textContent = filled(data.receipt.received, at(received.received_at));
  element("receipt-due").textContent = filled(data.receipt.due, at(received.due_from_receipt_at));
  // Where every link is elsewhere and there is no picture, no clock of this site's runs.
  const isElsewhere = isOnlyElsewhere(received, notice);
  element("receipt-due").hidden = isElsewhere;
  element("receipt-elsewhere").hidden = !isElsewhere;
  element("receipt-capped").hidden = isElsewhere || received.state !== "capped";
  element("receipt-unjudged").hidden = received.unjudged.length === 0;
  if (received.news !== null) {
    input("news-later-receipt").value = received.receipt;
    element("receipt-news").hidden = received.news === "off";
    element("receipt-news-choice").hidden = received.news !== "off";
  }
  showLetters(received.elsewhere);
  element("review").hidden = true;
  element("receipt").hidden = false;
  // What she wrote leaves the page with the form; only her words are left.
  form.remove();
  files.forget();
  originals.forget();
  document.getElementById("describe-told")?.remove();
  for (const id of ["review-bytes", "review-words"]) element(id).textContent = "";
  reviewed = null;
  element("receipt-heading").focus();
  scrollTo(0, 0);
}

/**
 * @param {import("./notice.js").Received} received
 * @param {import("./notice.js").Notice} notice
 */
function isOnlyElsewhere(received, notice) {
  const given = notice.pictures.length + notice.originals.length;
  return given === 0 && received.elsewhere.length > 0 && received.elsewhere.length === new Set(notice.links).size;
}

/**
 * The letters that she sends to other sites herself; the twin of `takeback/service/pages/letters.py`.
 *
 * @param {string[]} links
 */
function showLetters(links) {
  /** @type {Map<string, string[]>} */
  const byHost = new Map();
  for (const link of links) byHost.set(hostOf(link), [...(byHost.get(hostOf(link)) ?? []), link]);
  const laws = data.laws.map(({ name, citation }) => `${name}: ${citation}`).join("; ");
  const shown = [...byHost].map(([host, of], index) =>
    letter(host, filled(data.letter.body, { host, links: of.join("\n"), laws }), `letter-${index + 1}`),
  );
  element("letters-list").replaceChildren(...shown);
  element("letters").hidden = shown.length === 0;
}

/**
 * @param {string} host
 * @param {string} text
 * @param {string} id
 */
function letter(host, text, id) {
  const box = document.createElement("div");
  const label = document.createElement("label");
  const area = document.createElement("textarea");
  const button = document.createElement("button");
  box.className = "letter";
  label.htmlFor = area.id = id;
  label.textContent = filled(data.letter.label, { host });
  area.rows = 8;
  area.readOnly = true;
  area.dir = "auto";
  area.value = text;
  button.type = "button";
  button.className = "plain small";
  button.textContent = data.letter.copy;
  button.addEventListener("click", async () => {
    area.select();
    await navigator.clipboard.writeText(text);
    button.textContent = data.letter.copied;
  });
  box.append(label, area, button);
  return box;
}

/** @param {string} link */
function hostOf(link) {
  try {
    return new URL(link.includes("://") ? link : `https://${link}`).hostname.replace(/^www\./, "");
  } catch {
    return link;
  }
}

/** @returns {string} 128 random bits */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {Plural} forms
 * @param {number} count
 */
function plural(forms, count) {
  const form = forms[new Intl.PluralRules(data.language).select(count)] ?? forms.other;
  return filled(form, { count: new Intl.NumberFormat(data.language).format(count) });
}

/**
 * @param {string} text
 * @param {Record<string, string>} values
 */
function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** @param {Node | string} content */
function inItem(content) {
  const item = document.createElement("li");
  item.append(content);
  return item;
}

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page lacks ${id}.`);
  return found;
}

/** @param {string} id */
function input(id) {
  return /** @type {HTMLInputElement} */ (element(id));
}

/** @param {string} id */
function value(id) {
  return input(id).value.trim();
}

/** Where mail goes when there is news; empty where she gave none, or none is sent. */
function newsAddress() {
  return document.getElementById("news") === null ? "" : value("news");
}

/** @param {string} name */
function chosen(name) {
  return new FormData(form).get(name)?.toString() ?? null;
}
