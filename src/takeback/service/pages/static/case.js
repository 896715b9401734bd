/**
 * Her return: what she adds becomes fingerprints and what she writes is sealed before it leaves; then the page is asked
 * for anew. Without this script the forms send links and words as they are.
 */

import { FileList } from "./files.js";
import { Fingerprint } from "./fingerprint.js";
import { NotSent, add, say, write } from "./notice.js";

/**
 * @typedef {{ deskKeys: import("./seal.js").DeskKey[], mostPictures: number, files: import("./files.js").FileWords,
 *   offline: string, failed: string, problems: Record<string, string> }} CaseData
 */

const data = /** @type {CaseData} */ (JSON.parse(document.getElementById("page-data")?.textContent ?? "{}"));

const adding = form("add");
if (adding !== null) {
  const chosen = adding.querySelector("#files");
  const files =
    chosen instanceof HTMLInputElement
      ? new FileList(chosen, /** @type {HTMLElement} */ (adding.querySelector("#files-list")), {
          most: data.mostPictures,
          wanted: { isOriginal: false, isSquared: false },
          words: data.files,
          make: (answer) => Fingerprint.of(answer, null),
        })
      : null;
  before(adding, async (receipt) => {
    const links = field(adding, "links").split(/\s+/).filter(Boolean);
    await add(receipt, { links, pictures: (await files?.made(async () => null)) ?? [], originals: [] });
  });
}

const writing = form("write");
if (writing !== null) before(writing, (receipt) => write(receipt, field(writing, "text"), data.deskKeys));

for (const saying of document.querySelectorAll("form.say")) {
  before(/** @type {HTMLFormElement} */ (saying), (receipt, from, step) => {
    if (step === "agree" && field(from, "sure") !== "yes") return Promise.resolve("agree_unsure");
    const answer = { hearing: field(from, "hearing"), agrees: step === "agree", text: field(from, "said").trim() };
    return say(receipt, answer, data.deskKeys);
  });
}

/**
 * Do `act` in the place of sending a form; then ask for the page, with the receipt alone.
 *
 * @param {HTMLFormElement} from
 * @param {(receipt: string, from: HTMLFormElement, step: string) => Promise<string | void>} act may name what is said
 *   of it instead of the step
 */
function before(from, act) {
  from.addEventListener("submit", async (event) => {
    event.preventDefault();
    const pressed = event.submitter ?? from.querySelector("button[name=step]");
    const button = /** @type {HTMLButtonElement} */ (pressed);
    const problem = /** @type {HTMLElement} */ (from.querySelector(".problem"));
    button.disabled = true;
    problem.hidden = true;
    try {
      const said = await act(field(from, "receipt"), from, button.value);
      const again = /** @type {HTMLFormElement} */ (document.getElementById("again"));
      /** @type {HTMLInputElement} */ (again.elements.namedItem("done")).value = said ?? button.value;
      again.submit();
    } catch (failed) {
      problem.textContent = told(failed);
      problem.hidden = false;
      button.disabled = false;
    }
  });
}

/** @param {unknown} problem */
function told(problem) {
  const why = problem instanceof NotSent ? (data.problems[problem.code] ?? problem.message) : "";
  return why === "" ? data.offline : data.failed.replace("{why}", why);
}

/**
 * @param {HTMLFormElement} from
 * @param {string} name
 */
function field(from, name) {
  return String(new FormData(from).get(name) ?? "");
}

/** @param {string} id */
function form(id) {
  return /** @type {HTMLFormElement | null} */ (document.getElementById(id));
}
