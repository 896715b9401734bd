// Opens what she wrote with the key of one person, from a file that they choose. The key and the words stay in this page:
// it may connect to nothing, and neither is kept.

import { Decrypter } from '/page/age.js'

/**
 * @typedef {{ age: string, sha256: string }} Sealed an age file in base64, and the digest of what is inside
 * @typedef {{ words: Sealed | null, messages: Record<string, Sealed>, labels: Record<string, string> }} Data
 */

const data = /** @type {Data} */ (JSON.parse(element('sealed').textContent ?? ''))
const file = /** @type {HTMLInputElement} */ (element('identity'))
const said = element('opening')

file.addEventListener('change', async () => {
  const chosen = file.files?.[0]
  if (chosen === undefined) return
  // The largest that can be a key: nobody's picture is read by mistake.
  const text = chosen.size <= 65536 ? await chosen.text() : ''
  file.value = ''
  const identities = text.split('\n').map((line) => line.trim()).filter((line) => line.startsWith('AGE-SECRET-KEY-1'))
  if (identities.length === 0) say('noKey')
  else say((await openAll(identities)) ? 'open' : 'closed')
})

/** @param {string[]} identities */
async function openAll(identities) {
  let isWhole = true
  if (data.words !== null) {
    const words = await opened(data.words, identities)
    if (words === null) isWhole = false
    else element('hers').replaceChildren(...listed(words))
  }
  for (const [id, sealed] of Object.entries(data.messages)) {
    const message = await opened(sealed, identities)
    if (message === null) isWhole = false
    else element(`message-${id}`).textContent = String(message.text ?? '')
  }
  return isWhole
}

/**
 * What is inside; null where none of the keys opens it, or it is not what was sealed.
 *
 * @param {Sealed} sealed
 * @param {string[]} identities
 * @returns {Promise<Record<string, unknown> | null>}
 */
async function opened(sealed, identities) {
  try {
    const decrypter = new Decrypter()
    for (const identity of identities) decrypter.addIdentity(identity)
    const inside = await decrypter.decrypt(bytes(sealed.age))
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', inside))
    if (hex(digest) !== sealed.sha256) return null
    return JSON.parse(new TextDecoder().decode(inside))
  } catch {
    return null
  }
}

/** @param {Record<string, unknown>} words */
function listed(words) {
  const all = /** @type {Record<string, unknown>} */ ({ ...words, .../** @type {object} */ (words.contact ?? {}) })
  return Object.entries(data.labels).flatMap(([name, label]) => {
    if (typeof all[name] !== 'string' || all[name] === '') return []
    const term = document.createElement('dt')
    const text = document.createElement('dd')
    term.textContent = label
    text.textContent = all[name]
    text.className = 'hers'
    return [term, text]
  })
}

/** @param {'open' | 'closed' | 'noKey'} what */
function say(what) {
  said.textContent = said.dataset[what] ?? ''
}

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id))
}

/** @param {string} written base64 */
function bytes(written) {
  return Uint8Array.from(atob(written), (letter) => letter.charCodeAt(0))
}

/** @param {Uint8Array} digest */
function hex(digest) {
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
