// Asks the device for a passkey, and sends what it answers with the page's own form.

const form = /** @type {HTMLFormElement} */ (document.getElementById('passkey'))
const options = JSON.parse(/** @type {HTMLElement} */ (document.getElementById('options')).textContent ?? '')
const problem = /** @type {HTMLElement} */ (form.querySelector('.problem'))
const button = /** @type {HTMLButtonElement} */ (form.querySelector('button'))

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  button.disabled = true
  problem.hidden = true
  try {
    const answer = form.dataset.asks === 'create' ? await created(options) : await gotten(options)
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem('answer'))
    field.value = JSON.stringify(answer)
    form.submit()
  } catch {
    problem.hidden = false
    button.disabled = false
  }
})

/** @param {any} asked */
async function created(asked) {
  const publicKey = {
    ...asked,
    challenge: bytes(asked.challenge),
    user: { ...asked.user, id: bytes(asked.user.id) },
    excludeCredentials: (asked.excludeCredentials ?? []).map(named),
  }
  const made = /** @type {PublicKeyCredential} */ (await navigator.credentials.create({ publicKey }))
  const response = /** @type {AuthenticatorAttestationResponse} */ (made.response)
  return answerOf(made, {
    clientDataJSON: text(response.clientDataJSON),
    attestationObject: text(response.attestationObject),
  })
}

/** @param {any} asked */
async function gotten(asked) {
  const publicKey = {
    ...asked,
    challenge: bytes(asked.challenge),
    allowCredentials: (asked.allowCredentials ?? []).map(named),
  }
  const found = /** @type {PublicKeyCredential} */ (await navigator.credentials.get({ publicKey }))
  const response = /** @type {AuthenticatorAssertionResponse} */ (found.response)
  return answerOf(found, {
    clientDataJSON: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: response.userHandle === null ? null : text(response.userHandle),
  })
}

/**
 * @param {PublicKeyCredential} credential
 * @param {Record<string, string | null>} response
 */
function answerOf(credential, response) {
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response }
}

/** @param {{id: string}} credential */
function named(credential) {
  return { ...credential, id: bytes(credential.id) }
}

/** @param {string} written base64url */
function bytes(written) {
  const binary = atob(written.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0))
}

/** @param {ArrayBuffer} buffer */
function text(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('')
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

export {}
