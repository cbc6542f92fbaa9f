import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BootProblems } from '../../core/boot-problems.js';
import { OptionReader } from '../../core/option-reader.js';
import { resolveAuthenticationOptions } from '../authentication.options.js';
import { WsSessionVerifier } from '../session/ws-session-verifier.js';
import { WsClientCertificateMapper } from './ws-client-certificate-mapper.js';

class Mapper extends WsClientCertificateMapper {
  override identify(): undefined {
    return undefined;
  }
}

class Sessions extends WsSessionVerifier {
  override verify(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

const csrf = { secret: randomBytes(32) };
const session = { cookie: 'sid', verifier: Sessions, csrf };
const HEX = 'ab'.repeat(32);

function resolve(clientCertificate: unknown, more: object = {}) {
  const problems = new BootProblems();
  const reader = new OptionReader({ clientCertificate, ...more }, 'authentication', problems);
  const resolved = resolveAuthenticationOptions(reader);
  return { resolved: resolved.clientCertificate, where: problems.problems.map((problem) => problem.where) };
}

describe('authentication.clientCertificate', () => {
  it.each<readonly [what: string, options: object]>([
    ['of programs by a mapper', { clients: 'programs', mapper: Mapper }],
    ['of programs by an instance', { clients: 'programs', mapper: new Mapper() }],
    ['of programs by fingerprints', { clients: 'programs', fingerprints: { [HEX]: { id: 'a' } } }],
    ['of browsers', { clients: 'browsers', mapper: Mapper, csrf }],
  ])('TR-04 takes certificates %s, as the only authenticator', (_, options) => {
    expect(resolve(options).where).toEqual([]);
  });

  it('TR-04 makes the tokens of browsers with the secret of the sessions where there are any', () => {
    const { resolved, where } = resolve({ clients: 'browsers', mapper: Mapper }, { session });
    expect(where).toEqual([]);
    expect(resolved?.csrfKeys).toHaveLength(1);
    const twice = resolve({ clients: 'browsers', mapper: Mapper, csrf }, { session });
    expect(twice.where).toEqual(['authentication.clientCertificate.csrf']);
    expect(resolve({ clients: 'programs', mapper: Mapper }, { session }).resolved?.csrfKeys).toEqual([]);
  });

  it.each<readonly [what: string, options: unknown, where: string]>([
    ['nothing', {}, 'clients'],
    ['no object', true, ''],
    ['an undecided client', { mapper: Mapper }, 'clients'],
    ['an unknown client', { clients: 'people', mapper: Mapper }, 'clients'],
    ['nobody', { clients: 'programs' }, ''],
    ['browsers without a token', { clients: 'browsers', mapper: Mapper }, 'csrf.secret'],
    ['programs with a token', { clients: 'programs', mapper: Mapper, csrf }, 'csrf'],
    ['no class', { clients: 'programs', mapper: class {} }, 'mapper'],
    ['an empty table', { clients: 'programs', fingerprints: {} }, 'fingerprints'],
    ['a list', { clients: 'programs', fingerprints: [HEX] }, 'fingerprints'],
    ['a SHA-1 fingerprint', { clients: 'programs', fingerprints: { ['ab'.repeat(20)]: { id: 'a' } } }, 'fingerprints'],
    [
      'one twice',
      { clients: 'programs', fingerprints: { [HEX]: { id: 'a' }, [HEX.toUpperCase()]: { id: 'b' } } },
      'fingerprints',
    ],
    ['no identity', { clients: 'programs', fingerprints: { [HEX]: 'alice' } }, 'fingerprints'],
    ['a word that is not an option', { clients: 'programs', mapper: Mapper, maper: 1 }, 'maper'],
  ])('TR-04 refuses %s', (_, options, name) => {
    const path = 'authentication.clientCertificate';
    expect(resolve(options).where).toContain(name === '' ? path : `${path}.${name}`);
  });
});
