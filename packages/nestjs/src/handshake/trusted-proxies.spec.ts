import { describe, expect, it } from 'vitest';
import { BootProblems } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import { readTrustedProxies } from './trusted-proxies.js';

function read(trustedProxies: unknown, isProduction = false) {
  const boot = new BootProblems();
  const rules = readTrustedProxies(new OptionReader({ trustedProxies }, 'handshake', boot), isProduction);
  return { rules, problems: boot.problems.map(({ where }) => where) };
}

describe('readTrustedProxies', () => {
  it('HS-14 demands the decision in production', () => {
    expect(read(undefined, true).problems).toEqual(['handshake.trustedProxies']);
    expect(read(undefined, false).problems).toEqual([]);
    expect(read('none', true)).toEqual({ rules: undefined, problems: [] });
  });

  it('HS-14 trusts exactly what is listed', () => {
    const { rules, problems } = read({ addresses: ['10.1.0.0/16', '192.0.2.1', '2001:db8::/32'], header: 'forwarded' });
    expect(problems).toEqual([]);
    expect(rules?.header).toBe('forwarded');
    const trusted = ['10.1.255.255', '192.0.2.1', '2001:db8:ffff::1'];
    const foreign = ['10.2.0.0', '192.0.2.2', '2001:db9::1', '', 'unknown', '127.0.0.1'];
    expect(trusted.map((address) => rules?.isTrusted(address))).toEqual([true, true, true]);
    expect(foreign.map((address) => rules?.isTrusted(address))).toEqual(foreign.map(() => false));
  });

  it('TR-04 knows the fields of client certificates in lower case, both or none', () => {
    const withFields = (clientCertificate: unknown) =>
      read({ addresses: ['10.0.0.7'], header: 'forwarded', clientCertificate });
    const fields = { certificate: 'X-SSL-Client-Cert', verified: 'X-SSL-Client-Verify' };
    expect(withFields(fields)).toMatchObject({
      problems: [],
      rules: { clientCertificate: { certificate: 'x-ssl-client-cert', verified: 'x-ssl-client-verify' } },
    });
    const path = 'handshake.trustedProxies.clientCertificate';
    expect(withFields({ certificate: 'a' }).problems).toEqual([`${path}.verified`]);
    expect(withFields({ verified: 'a' }).problems).toEqual([`${path}.certificate`]);
    expect(withFields({ certificate: 'a', verified: 'A' }).problems).toEqual([`${path}.verified`]);
    expect(withFields({ certificate: 'a b', verified: '' }).problems).toHaveLength(2);
    expect(withFields('x-ssl-client-cert').problems).toContain(path);
    expect(withFields({ ...fields, chain: 'x' }).problems).toEqual([`${path}.chain`]);
  });

  it('HS-14 trusts a Unix socket only by name', () => {
    expect(read({ addresses: ['unix'], header: 'forwarded' }).rules?.isTrusted('')).toBe(true);
    expect(read({ addresses: ['unix'], header: 'forwarded' }).rules?.isTrusted('127.0.0.1')).toBe(false);
  });

  it.each<[unknown, string]>([
    [true, ''],
    ['all', ''],
    [['10.0.0.1'], ''],
    [{ header: 'forwarded' }, '.addresses'],
    [{ addresses: [], header: 'forwarded' }, '.addresses'],
    [{ addresses: '10.0.0.1', header: 'forwarded' }, '.addresses'],
    [{ addresses: ['10.0.0.1'] }, '.header'],
    [{ addresses: ['10.0.0.1'], header: 'x-client-ip' }, '.header'],
    [{ addresses: ['10.0.0.1'], header: ['forwarded', 'x-real-ip'] }, '.header'],
    [{ addresses: ['10.0.0.1'], header: 'forwarded', hops: 1 }, '.hops'],
    [{ addresses: ['proxy.example.com'], header: 'forwarded' }, '.addresses[0]'],
    [{ addresses: ['10.0.0.1', '10.0.0.0/33'], header: 'forwarded' }, '.addresses[1]'],
    [{ addresses: ['10.0.0.0/'], header: 'forwarded' }, '.addresses[0]'],
    [{ addresses: ['10.0.0.0/8/8'], header: 'forwarded' }, '.addresses[0]'],
    [{ addresses: ['fe80::1%eth0'], header: 'forwarded' }, '.addresses[0]'],
    [{ addresses: ['0.0.0.0/0'], header: 'forwarded' }, '.addresses[0]'],
    [{ addresses: ['::/0'], header: 'forwarded' }, '.addresses[0]'],
    [{ addresses: ['8.0.0.0/7'], header: 'forwarded' }, '.addresses[0]'],
  ])('DP-02 refuses %j', (value, at) => {
    expect(read(value).problems).toEqual([`handshake.trustedProxies${at}`]);
  });
});
