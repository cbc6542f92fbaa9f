import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BootProblems } from '../../core/boot-problems.js';
import { OptionReader } from '../../core/option-reader.js';
import { resolveSessionOptions } from './session.options.js';
import { WsSessionVerifier } from './ws-session-verifier.js';

class Sessions extends WsSessionVerifier {
  override verify(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

const GOOD = { cookie: '__Host-sid', verifier: Sessions, csrf: { secret: randomBytes(32).toString('base64') } };

function resolve(source: unknown) {
  const boot = new BootProblems();
  const options = resolveSessionOptions(new OptionReader(source, 'authentication.session', boot));
  return { options, problems: boot.problems.map(({ where }) => where.replace('authentication.session', '')) };
}

describe('resolveSessionOptions', () => {
  it.each([Sessions, new Sessions()])('takes a class and an instance', (verifier) => {
    const { options, problems } = resolve({ ...GOOD, verifier });
    expect(problems).toEqual([]);
    expect(options).toMatchObject({ cookie: '__Host-sid', verifier });
    expect(Object.isFrozen(options)).toBe(true);
  });

  it('HS-18 F43 takes several CSRF secrets, for a change of them', () => {
    const { options, problems } = resolve({ ...GOOD, csrf: { secret: [randomBytes(32), GOOD.csrf.secret] } });
    expect(problems).toEqual([]);
    expect(options?.csrfKeys).toHaveLength(2);
  });

  it.each<[object, string[]]>([
    [{ ...GOOD, cookie: undefined }, ['.cookie']],
    [{ ...GOOD, cookie: '' }, ['.cookie']],
    [{ ...GOOD, cookie: 'a;b' }, ['.cookie']],
    [{ ...GOOD, cookie: /sid/ }, ['.cookie']],
    [{ ...GOOD, verifier: undefined }, ['.verifier']],
    [{ ...GOOD, verifier: () => undefined }, ['.verifier']],
    [{ ...GOOD, verifier: class {} }, ['.verifier']],
    [{ ...GOOD, csrf: undefined }, ['.csrf.secret']],
    [{ ...GOOD, csrf: {} }, ['.csrf.secret']],
    [{ ...GOOD, csrf: { secret: '' } }, ['.csrf.secret']],
    [{ ...GOOD, csrf: { secret: 'short' } }, ['.csrf.secret']],
    [{ ...GOOD, csrf: { secret: 'changeme-changeme-changeme-changeme' } }, ['.csrf.secret']],
    [{ ...GOOD, csrf: { secret: [] } }, ['.csrf.secret']],
    [{ ...GOOD, csrf: { secret: [GOOD.csrf.secret, 'short'] } }, ['.csrf.secret[1]']],
    [{ ...GOOD, csrf: { ...GOOD.csrf, ttl: 1 } }, ['.csrf.ttl']],
    [{ ...GOOD, cookies: ['sid'] }, ['.cookies']],
    [{}, ['.cookie', '.verifier', '.csrf.secret']],
  ])('AN-13 DP-02 refuses what is missing, weak or misspelt (%#)', (source, problems) => {
    expect(resolve(source).problems).toEqual(problems);
  });
});
