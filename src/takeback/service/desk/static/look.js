// Shows a picture clearer while a key or a finger is held down: for some seconds in all, then it is gone from the page.

const picture = /** @type {HTMLImageElement} */ (document.getElementById('picture'))
const hold = /** @type {HTMLButtonElement} */ (document.getElementById('hold'))
const over = /** @type {HTMLElement} */ (document.getElementById('over'))
const data = /** @type {HTMLElement} */ (document.getElementById('clear'))

const blurred = { src: picture.src, alt: picture.alt }
/** @type {string | null} */
let clear = JSON.parse(data.textContent ?? '')
data.remove()
let left = 1000 * Number(hold.dataset.seconds)
let since = 0
let timer = 0

function show() {
  if (clear === null || since > 0) return
  since = performance.now()
  picture.alt = picture.dataset.clearAlt ?? ''
  picture.src = clear
  picture.classList.add('clear')
  timer = setTimeout(hide, left)
}

function hide() {
  if (since === 0) return
  clearTimeout(timer)
  left -= performance.now() - since
  since = 0
  picture.src = blurred.src
  picture.alt = blurred.alt
  picture.classList.remove('clear')
  if (left > 50) return
  clear = null
  hold.disabled = true
  over.textContent = over.dataset.over ?? ''
}

hold.addEventListener('pointerdown', (event) => {
  if (event.button !== 0) return
  hold.setPointerCapture(event.pointerId)
  show()
})
for (const end of ['pointerup', 'pointercancel', 'lostpointercapture', 'blur']) hold.addEventListener(end, hide)
hold.addEventListener('keydown', (event) => {
  if (event.key !== ' ' && event.key !== 'Enter') return
  event.preventDefault()
  if (!event.repeat) show()
})
hold.addEventListener('keyup', hide)
hold.addEventListener('contextmenu', (event) => event.preventDefault())
document.addEventListener('visibilitychange', hide)
addEventListener('blur', hide)
addEventListener('pagehide', () => {
  hide()
  clear = null
})

export {}
