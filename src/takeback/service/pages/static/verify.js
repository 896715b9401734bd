/** The page that checks proofs: files are read here, checked here, and sent to nobody. */

import { NotProven, prove } from "./proof.js";

/**
 * @typedef {{ good: string, bad: string, what: string, at: string, about: string, logged: string, signed: string,
 *   ours: string, foreign: string, why: Record<string, string>, kinds: Record<string, string> }} VerifyWords
 * @typedef {{ key: string, words: VerifyWords }} VerifyData
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
    const proven = await prove(await file.text());
    item.className = "good";
    item.append(paragraph(data.words.good), facts(proven));
  } catch (problem) {
    const why = problem instanceof NotProven ? problem.why : "unreadable";
    item.className = "bad";
    item.append(paragraph(`${data.words.bad} ${data.words.why[why]}`));
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
