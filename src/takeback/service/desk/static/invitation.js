// The invitation stands behind the `#` of its link: it goes into the form, and out of the address and the history.

const field = /** @type {HTMLInputElement} */ (document.getElementById('invitation'))
if (location.hash.length > 1) {
  field.value = location.hash.slice(1)
  history.replaceState(null, '', location.pathname)
}
