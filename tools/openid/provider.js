// An unmodified oidc-provider on loopback, with its own pages for signing in: `node provider.js PORT REDIRECT ALGORITHM`.
// The client's name and secret, and the keys, are for tests alone. It says "ready" once it listens.

import { generateKeyPairSync } from 'node:crypto'
import Provider from 'oidc-provider'

const [port, desk, algorithm] = process.argv.slice(2)
const kinds = {
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
}
const [kind, options] = kinds[algorithm]
const key = generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' })

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: 'takeback',
      client_secret: 'a secret: for+tests/alone&nothing else',
      redirect_uris: [`${desk}/desk/openid/answer`],
      post_logout_redirect_uris: [`${desk}/desk/sign-in`],
      response_types: ['code'],
      grant_types: ['authorization_code'],
      id_token_signed_response_alg: algorithm,
      application_type: 'native',
    },
  ],
  jwks: { keys: [{ ...key, use: 'sig', kid: 'test', alg: algorithm }] },
  enabledJWA: { idTokenSigningAlgValues: [algorithm] },
  pkce: { required: () => true },
  cookies: { keys: ['for tests'] },
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  // Some put groups into the ID token, as operators have them do.
  claims: { openid: ['sub', 'groups'] },
  conformIdTokenClaims: false,
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, groups: id.split('-').slice(1) }) }),
})
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'))
