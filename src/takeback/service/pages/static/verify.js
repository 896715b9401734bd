/** The page that checks proofs: files are read here, checked here, and sent to nobody. */

import { NotProven, prove } from "./proof.js";

/**
 * @typedef {{ good: string, bad: string, what: string, at: string, about: string, logged: string, signed: string,
 *   ours: string, foreign: string, witnesses: string, witnessed: string, unknown_witness: string, no_witness: string,
 *   why: Record<string, string>, kinds: Record<string, string> }} VerifyWords
 * @typedef {{ key: string, witnesses: readonly string[], words: VerifyWords }} VerifyData
 */

const data = /** @type {VerifyData} */ (JSON.parse(document.getElementById("page-data")?.textContent ?? "{}"));
const results = /** @type {HTMLElement} */ (document.getElementById("results"));
const chosen = /** @type {HTMLInputElement} */ (document.getElementById("proofs"));

chosen.addEventListener("change", async () => {
  results.replaceChildren();
  for (const file of chosen.files ?? []) results.append(await checked(file));
  chosen.value = "";
});

/** @param {File} file */
async function checked(file) {
  const item = document.createElement("li");
  item.append(paragraph(file.name));
  try {
    const proven = await prove(await file.text(), data.witnesses);
    item.className = "good";
    item.append(paragraph(data.words.good), facts(proven));
  } catch (problem) {
    const { why, who } = problem instanceof NotProven ? problem : new NotProven("unreadable");
    item.className = "bad";
    item.append(paragraph(`${data.words.bad} ${String(data.words.why[why]).replace("{name}", () => who)}`));
  }
  return item;
}

/** @param {import("./proof.js").Proven} proven */
function facts(proven) {
  const { words } = data;
  const isOurs = data.key !== "" && data.key === proven.publicKey;
  const signer = isOurs ? words.ours : words.foreign.replace("{name}", proven.name).replace("{key}", proven.key);
  const said = document.createElement("dl");
  for (const [label, value] of [
    [words.what, words.kinds[proven.attestation.kind] ?? proven.attestation.kind],
    [words.at, moment(proven.attestation.at)],
    [words.about, proven.attestation.about],
    [words.logged, moment(proven.until)],
    [words.signed, signer],
    ...witnesses(proven).map((each) => [words.witnesses, each]),
  ]) {
    const term = document.createElement("dt");
    term.textContent = label;
    const description = document.createElement("dd");
    description.textContent = value;
    description.dir = "auto";
    said.append(term, description);
  }
  return said;
}

/**
 * What is said of each witness: when it saw the log, or that it was not checked.
 *
 * @param {import("./proof.js").Proven} proven
 */
function witnesses(proven) {
  const { words } = data;
  if (proven.witnesses.length === 0) return [words.no_witness];
  return proven.witnesses.map(({ name, seconds }) =>
    seconds === null
      ? words.unknown_witness.replace("{name}", () => name)
      : words.witnessed.replace("{name}", () => name).replace("{at}", () => moment(iso(seconds))),
  );
}

/** @param {number} seconds since 1970 */
function iso(seconds) {
  // 8.64e12 is the last second that a date of the browser has.
  return new Date(Math.min(seconds, 8.64e12) * 1000).toISOString();
}

/** @param {string} text in RFC 3339, UTC */
function moment(text) {
  const at = new Date(text.replace(/(\.\d{3})\d+Z$/, "$1Z"));
  return at.toLocaleString(document.documentElement.lang, { dateStyle: "full", timeStyle: "long", timeZone: "UTC" });
}

/** @param {string} text */
function paragraph(text) {
  const made = document.createElement("p");
  made.textContent = text;
  made.dir = "auto";
  return made;
}
