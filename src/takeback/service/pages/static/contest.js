/**
 * The link for contesting: its secret stands behind the #, which no browser sends. It is put into the form, taken out of
 * the address and of the tab's history, and sent. Without this script it is pasted.
 */

function open() {
  const secret = location.hash.slice(1);
  if (secret === "") return;
  history.replaceState(null, "", location.pathname + location.search);
  const form = /** @type {HTMLFormElement} */ (document.getElementById("open"));
  /** @type {HTMLInputElement} */ (form.elements.namedItem("code")).value = secret;
  form.requestSubmit();
}

// Also where the link is put into the address of the page that is open already.
addEventListener("hashchange", open);
open();
