/**
 * Leaves the page at once: the Exit button, or Shift three times. Without scripts the button is a plain link.
 */

const WITHIN_MILLISECONDS = 5_000;
const TIMES = 3;

const button = /** @type {HTMLAnchorElement} */ (document.getElementById("exit"));

function leave() {
  // What is on the page goes first: the next page may take a second to come. Nothing stays in the tab's history.
  document.body.hidden = true;
  document.title = "…";
  for (const form of document.forms) form.reset();
  try {
    // Where it stands in another site's page, that page goes too.
    (window.top ?? window).location.replace(button.href);
  } catch {
    location.replace(button.href);
  }
}

button.addEventListener("click", (event) => {
  event.preventDefault();
  leave();
});

/** @type {number[]} */
let pressed = [];
document.addEventListener("keydown", (event) => {
  if (event.key !== "Shift") {
    pressed = [];
  } else if (!event.repeat) {
    pressed = [...pressed, event.timeStamp].filter((at) => event.timeStamp - at < WITHIN_MILLISECONDS);
    if (pressed.length >= TIMES) leave();
  }
});

document.documentElement.classList.add("has-script");
