import { TicketVault } from '../../ticket/ticket-vault.js';
import { RevokedCertificates } from '../../client-certificate/revoked-certificates.js';
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { BootProblems, SecureWsBootError } from '../../../core/boot-problems.js';
import { SystemClock } from '../../../core/clock.js';
import { OptionReader } from '../../../core/option-reader.js';
import { readRemoteUrl } from '../../../core/remote-url.js';
import { MemoryStore } from '../../../store/memory.store.js';
import { resolveAuthenticationOptions } from '../../authentication.options.js';
import { createAuthenticators } from '../../create-authenticators.js';

const BASE = { issuer: 'https://id.example.com', audience: 'chat', algorithms: ['RS256', 'EdDSA'] };
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const JWK = { ...publicKey.export({ format: 'jwk' }), kid: 'k-1', alg: 'RS256' };
const URI = 'https://id.example.com/jwks';

function resolve(jwt: object) {
  const problems = new BootProblems();
  const options = resolveAuthenticationOptions(new OptionReader({ jwt }, 'authentication', problems));
  return { options, texts: problems.problems.map(({ where, problem }) => `${where} ${problem}`) };
}

describe('readKeySet', () => {
  it('AN-15 takes an https address, or keys', () => {
    expect(resolve({ ...BASE, jwksUri: URI }).texts).toEqual([]);
    const { options, texts } = resolve({ ...BASE, jwks: { keys: [JWK] } });
    expect(texts).toEqual([]);
    expect(options.jwt[0]?.keySet).toEqual({ algorithms: ['RS256', 'EdDSA'], from: [JWK] });
  });

  it.each<[string, object, string]>([
    ['http', { jwksUri: 'http://id.example.com/jwks' }, 'jwksUri must be an https URL'],
    ['no URL', { jwksUri: 'id.example.com/jwks' }, 'jwksUri must be an https URL'],
    ['a file', { jwksUri: 'file:///etc/jwks' }, 'jwksUri must be an https URL'],
    ['a user', { jwksUri: 'https://u@id.example.com/jwks' }, 'jwksUri must have no user'],
    ['a fragment', { jwksUri: 'https://id.example.com/jwks#x' }, 'jwksUri must have no user'],
    ['a password', { jwksUri: 'https://u:p@id.example.com/jwks' }, 'jwksUri must have no user'],
    ['a second source', { jwksUri: URI, jwks: { keys: [JWK] } }, 'jwks stands beside jwksUri'],
    ['a secret beside it', { jwksUri: URI, secret: 'x' }, 'jwksUri stands beside secret'],
    ['HMAC', { jwksUri: URI, algorithms: ['HS256'] }, 'algorithms lists an HMAC algorithm'],
    ['no algorithm', { jwksUri: URI, algorithms: undefined }, 'algorithms is missing'],
    ['EdDSA without a set', { publicKey, algorithms: ['EdDSA'] }, 'algorithms names EdDSA'],
    ['remote without an address', { jwks: { keys: [JWK] }, remote: {} }, 'remote has no effect'],
    ['an unknown remote option', { jwksUri: URI, remote: { timeout: 1 } }, 'remote.timeout is not an option'],
    ['an endless cache', { jwksUri: URI, remote: { cacheMs: Infinity } }, 'remote.cacheMs must be'],
    ['no keys', { jwks: { keys: [] } }, 'jwks.keys must be a list'],
    ['a list', { jwks: [JWK] }, 'jwks must be an object'],
    ['a private key', { jwks: { keys: [privateKey.export({ format: 'jwk' })] } }, 'keys[0] is a secret or private'],
    ['a secret in the set', { jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }, 'keys[0] is a secret or private'],
    ['a key for encryption', { jwks: { keys: [{ ...JWK, use: 'enc' }] } }, "keys[0] is for another use than 'sig'"],
    ['key_ops', { jwks: { keys: [{ ...JWK, key_ops: ['encrypt'] }] } }, "keys[0] has key_ops without 'verify'"],
    ['one kid twice', { jwks: { keys: [JWK, JWK] } }, 'keys[1] has the kid of another one'],
    ['another algorithm', { jwks: { keys: [{ ...JWK, alg: 'PS256' }] } }, 'keys[0] fits none'],
    ['a broken key', { jwks: { keys: [{ ...JWK, n: '' }] } }, 'keys[0]'],
    [
      'two algorithms for one key',
      { algorithms: ['RS256', 'PS256'], jwks: { keys: [{ ...JWK, alg: undefined }] } },
      'keys[0] names no alg and fits several',
    ],
    ['keys for nothing', { algorithms: [], jwks: { keys: [JWK] } }, 'algorithms is empty'],
  ])('J34 AN-13 AN-15 refuses to boot with %s', (_, options, text) => {
    const { texts } = resolve({ ...BASE, ...options });
    expect(texts.join('\n')).toContain(`authentication.jwt.${text.startsWith('keys[') ? 'jwks.' : ''}${text}`);
  });

  it('AN-15 takes http from this machine only, and never in production', () => {
    for (const host of ['127.0.0.1:8080', '[::1]:8080', 'localhost']) {
      expect(readRemoteUrl(`http://${host}/jwks`, { isProduction: false })).toBeInstanceOf(URL);
      expect(readRemoteUrl(`http://${host}/jwks`, { isProduction: true })).toContain('https');
    }
    for (const host of ['localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', 'evil.localhost.example']) {
      expect(readRemoteUrl(`http://${host}/jwks`, { isProduction: false })).toContain('https');
    }
  });

  it('AN-15 takes only listed hosts where a provider names the address', () => {
    const rules = { isProduction: true, hosts: new Set(['id.example.com']) };
    expect(readRemoteUrl('https://id.example.com/jwks', rules)).toBeInstanceOf(URL);
    for (const host of ['id.example.com:444', 'evil.example', 'id.example.com.evil.example', '127.0.0.1']) {
      expect(readRemoteUrl(`https://${host}/jwks`, rules)).toContain('not listed');
    }
  });

  it('says what to install where jose is missing', async () => {
    vi.doMock('jose', () => {
      throw new Error('Cannot find package');
    });
    const { options } = resolve({ ...BASE, jwksUri: URI });
    const clock = new SystemClock();
    const store = new MemoryStore(clock, { maxKeys: 10 });
    const parts = {
      clock,
      store,
      instanceOf: () => Promise.reject(new Error()),
      ofTest: [],
      revokedCertificates: new RevokedCertificates(),
      vault: new TicketVault(store, []),
    };
    const failure: unknown = await createAuthenticators(options, parts).catch((error: unknown) => error);
    vi.doUnmock('jose');
    expect(failure).toBeInstanceOf(SecureWsBootError);
    expect((failure as Error).message).toContain('npm install jose@6');
  });
});
