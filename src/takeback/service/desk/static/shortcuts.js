// Single keys that move through the desk. Each does only what a link or a field of the page does without a script.
// They can be turned off, for whoever speaks to the computer or presses keys unawares (WCAG 2.2, 2.1.4).

const OFF = 'desk-shortcuts-off'
const help = /** @type {HTMLDetailsElement} */ (document.getElementById('shortcuts'))
const turn = /** @type {HTMLButtonElement} */ (document.getElementById('shortcuts-switch'))
/** Cases in the queue, copies on the page of a case. */
const stops = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('.open')])

/** @type {Record<string, () => void>} */
const keys = {
  j: () => move(1),
  k: () => move(-1),
  u: () => /** @type {HTMLElement | null} */ (document.querySelector('.bar .name'))?.click(),
  d: () => /** @type {HTMLElement | null} */ (document.querySelector('#decide input:not([type=hidden])'))?.focus(),
  a: () => clusterHere()?.click(),
  h: () => /** @type {HTMLElement | null} */ (document.querySelector('#hold'))?.focus(),
  '?': () => {
    help.open = !help.open
    if (help.open) help.scrollIntoView({ block: 'nearest' })
  },
}

/** @param {number} step */
function move(step) {
  if (stops.length === 0) return
  const at = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement))
  const next = at < 0 ? (step > 0 ? 0 : stops.length - 1) : Math.min(Math.max(at + step, 0), stops.length - 1)
  stops[next].focus()
}

/** The box that ticks all copies which show the same as the one where the focus is, or else as the first. */
function clusterHere() {
  const here = /** @type {HTMLElement} */ (document.activeElement).closest('.cluster') ?? document
  return /** @type {HTMLInputElement | null} */ (here.querySelector('input.all'))
}

/** @param {HTMLInputElement} all */
function tickTogether(all) {
  const boxes = /** @type {HTMLInputElement[]} */ ([...(all.closest('.cluster')?.querySelectorAll('input.open') ?? [])])
  const follow = () => {
    all.checked = boxes.every((box) => box.checked)
    all.indeterminate = !all.checked && boxes.some((box) => box.checked)
  }
  all.addEventListener('change', () => {
    for (const box of boxes) box.checked = all.checked
  })
  for (const box of boxes) box.addEventListener('change', follow)
  const line = /** @type {HTMLElement} */ (all.parentElement)
  line.hidden = false
  follow()
}

function isOff() {
  return sessionStorage.getItem(OFF) !== null
}

function label() {
  turn.textContent = (isOff() ? turn.dataset.off : turn.dataset.on) ?? ''
}

document.addEventListener('keydown', (event) => {
  const target = /** @type {HTMLElement} */ (event.target)
  if (isOff() || event.ctrlKey || event.metaKey || event.altKey) return
  if (target.matches('textarea, select, input:not([type=radio], [type=checkbox])')) return
  const does = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined
  if (does === undefined) return
  event.preventDefault()
  does()
})

turn.addEventListener('click', () => {
  if (isOff()) sessionStorage.removeItem(OFF)
  else sessionStorage.setItem(OFF, '1')
  label()
})
label()
for (const all of document.querySelectorAll('input.all')) tickTogether(/** @type {HTMLInputElement} */ (all))

export {}
