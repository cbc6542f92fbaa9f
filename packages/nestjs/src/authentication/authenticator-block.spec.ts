import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../../../../test/support/crash-watch.js';
import { BootProblems } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import { FakeClock } from '../testing/fake-clock.js';
import { type AuthenticationOptions, resolveAuthenticationOptions } from './authentication.options.js';
import { AuthenticatorBlock } from './authenticator-block.js';
import { WsAuthenticator } from './authenticator.js';
import { WsSessionVerifier } from './session/ws-session-verifier.js';

const clock = new FakeClock();
const credential = { scheme: 'bearer', value: 'any', source: 'authorization' } as const;
const request = new IncomingMessage(new Socket());

class Scripted extends WsAuthenticator {
  override readonly kind = 'scripted';

  constructor(private readonly answer: () => unknown) {
    super();
  }

  override accepts(): boolean {
    return true;
  }

  override authenticate(): never {
    return this.answer() as never;
  }
}

const ask = async (answer: () => unknown) =>
  new AuthenticatorBlock(new Scripted(answer), 'authenticators[0]', clock).authenticate(credential, request);

describe('AuthenticatorBlock', () => {
  it('F05 F26 checks and names what an authenticator answers, at once and later', async () => {
    const alice = { issuer: 'test', id: 'alice', authenticatedAt: clock.now() - 1000, expiresAt: clock.now() + 1 };
    const expected = { kind: 'scripted', block: 'authenticators[0]', ...alice };
    expect(await ask(() => alice)).toMatchObject(expected);
    expect(await ask(() => Promise.resolve(alice))).toMatchObject(expected);
    await expect(ask(() => ({ ...alice, roles: 'admin' }))).rejects.toThrow('whose roles');
    await expect(ask(() => Promise.resolve({ ...alice, roles: 'admin' }))).rejects.toThrow('whose roles');
  });

  it('F05 answers at once where the authenticator does', () => {
    const block = new AuthenticatorBlock(new Scripted(() => ({ issuer: 'test', id: 'alice' })), 'x', clock);
    expect(block.authenticate(credential, request)).toMatchObject({ id: 'alice' });
  });

  it.each([0, -1])('F05 refuses an identity that has ended (%i ms ago)', async (offset) => {
    const ended = { issuer: 'test', id: 'alice', expiresAt: clock.now() + offset };
    await expect(ask(() => ended)).rejects.toMatchObject({ failure: 'expired' });
  });
});

describe('the choice of an authenticator', () => {
  const chooses = (answer: unknown): boolean => {
    const authenticator = new Scripted(() => undefined);
    authenticator.accepts = () => answer as boolean;
    return new AuthenticatorBlock(authenticator, 'authenticators[0]', clock).accepts(credential);
  };

  it.each([[true, true] as const, [false, false], [undefined, false], [1, false], ['yes', false], [{}, false]])(
    'AN-03 takes %j for %s: only true accepts',
    (answer, accepted) => {
      expect(chooses(answer)).toBe(accepted);
    },
  );

  it.each<[string, () => Promise<boolean>]>([
    ['accepts', () => Promise.resolve(true)],
    ['does not accept', () => Promise.resolve(false)],
    ['rejects', () => Promise.reject(new Error('bug'))],
  ])('AN-03 DR-14 refuses a promise that %s, and the process goes on', async (_, answer) => {
    const crashes = watchForCrashes();
    expect(() => chooses(answer())).toThrow('authenticators[0]: accepts() answered a promise');
    await new Promise((resolve) => setImmediate(resolve));
    expect(crashes).toEqual([]);
  });
});

class Sessions extends WsSessionVerifier {
  override verify(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

describe('the names of blocks', () => {
  const secret = (seed: string): string => `${seed}-9f8e7d6c5b4a39281706f5e4d3c2b1a0`;
  const jwt = { secret: secret('one'), algorithms: ['HS256'], issuer: 'https://id', audience: 'chat' } as const;
  const session = { cookie: 'sid', verifier: Sessions, csrf: { secret: secret('csrf') } };
  const blocksOf = (own: AuthenticationOptions, module?: AuthenticationOptions) => {
    const problems = new BootProblems();
    const read = (
      options: AuthenticationOptions,
      path: string,
      outer?: ReturnType<typeof resolveAuthenticationOptions>,
    ) => resolveAuthenticationOptions(new OptionReader(options, path, problems), outer);
    const outer = module === undefined ? undefined : read(module, 'authentication');
    const { blocks } = read(own, module === undefined ? 'authentication' : 'Admin.authentication', outer);
    expect(problems.problems).toEqual([]);
    return blocks;
  };
  class Other extends Scripted {}

  it('F26 are their places in the options', () => {
    expect(blocksOf({ jwt, session, authenticators: [Scripted as never, Other as never] })).toEqual({
      jwt: 'authentication.jwt',
      oauth: 'authentication.oauth',
      session: 'authentication.session',
      clientCertificate: 'authentication.clientCertificate',
      apiKeys: 'authentication.apiKeys',
      tickets: 'authentication.tickets',
      authenticators: ['authentication.authenticators[0]', 'authentication.authenticators[1]'],
    });
  });

  it.each<[string, AuthenticationOptions, string]>([
    ['another key', { jwt: { ...jwt, secret: secret('two') } }, 'jwt'],
    ['another audience', { jwt: { ...jwt, audience: 'staff' } }, 'jwt'],
    ['another mapping', { jwt: { ...jwt, principal: () => ({ id: 'x' }) } }, 'jwt'],
    ['another verifier', { session: { ...session, verifier: class extends Sessions {} } }, 'session'],
    ['another cookie', { session: { ...session, cookie: 'admin' } }, 'session'],
  ])('F26 differ for a gateway with %s, though the issuer is the same', (_, own, name) => {
    expect(blocksOf(own, { jwt, session })).toMatchObject({ [name]: `Admin.authentication.${name}` });
  });

  it('F26 stay the same where a gateway repeats what the module has', () => {
    const Keys = Scripted as never;
    expect(blocksOf({ jwt, session, authenticators: [Keys] }, { jwt, session, authenticators: [Keys] })).toEqual({
      jwt: 'authentication.jwt',
      oauth: 'authentication.oauth',
      session: 'authentication.session',
      clientCertificate: 'authentication.clientCertificate',
      apiKeys: 'authentication.apiKeys',
      tickets: 'Admin.authentication.tickets',
      authenticators: ['authentication.authenticators[0]'],
    });
  });
});
