/**
 * Does what the service asks for, then sends the form on. Without scripts she waits, and presses the button.
 */

import { workFor } from "./work.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("busy"));
const field = /** @type {HTMLInputElement} */ (document.getElementById("work"));
const { challenge = "", parts, bits } = form.dataset;

field.value = await workFor({ challenge, parts: Number(parts), bits: Number(bits) });
form.submit();
