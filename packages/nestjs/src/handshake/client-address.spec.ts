import { describe, expect, it } from 'vitest';
import { BootProblems } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import { findClient, type ForwardingHeader, type ProxyRules } from './client-address.js';
import type { ForwardingFields } from './request-head.js';
import { readTrustedProxies } from './trusted-proxies.js';

const PROXY = '10.0.0.1';

function rulesOf(header: ForwardingHeader): ProxyRules {
  const value = { addresses: ['10.0.0.0/8', '2001:db8:aaaa::/48'], header };
  const rules = readTrustedProxies(new OptionReader({ trustedProxies: value }, 'handshake', new BootProblems()), true);
  if (rules === undefined) throw new Error('The rules of this test are wrong.');
  return rules;
}

const find = (header: ForwardingHeader, forwarding: ForwardingFields, remoteAddress = PROXY, isEncrypted = false) =>
  findClient({ remoteAddress, isEncrypted, forwarding }, rulesOf(header));

describe('findClient', () => {
  it.each<[string, string]>([
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.7:50123', '192.0.2.7'],
    ['198.51.100.1, 192.0.2.7', '192.0.2.7'],
    ['198.51.100.1,192.0.2.7,10.0.0.3, 10.9.9.9', '192.0.2.7'],
    ['10.0.0.8, 10.0.0.3', '10.0.0.8'],
    ['not an address, 192.0.2.7', '192.0.2.7'],
    ['2001:DB8::7', '2001:db8::7'],
    ['[2001:db8:0:0::7]:443', '2001:db8::7'],
    ['2001:db8:aaaa::1, 192.0.2.7, 2001:db8:aaaa::1', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
  ])('HS-14 finds the right-most hop that is no proxy: %s', (xForwardedFor, address) => {
    expect(find('x-forwarded-for', { 'x-forwarded-for': xForwardedFor })).toMatchObject({ address });
  });

  it.each([
    '',
    'unknown',
    '192.0.2.7, unknown',
    '192.0.2.7,',
    ',10.0.0.3',
    ' , 10.0.0.3',
    '192.0.2.999',
    '192.0.2.7:port',
    '[2001:db8::7',
    'fe80::1%eth0',
    '192.0.2.7 10.0.0.3',
    Array.from({ length: 33 }, () => '10.0.0.3').join(','),
  ])('HS-14 guesses nothing from what a proxy cannot have meant: %j', (xForwardedFor) => {
    expect(find('x-forwarded-for', { 'x-forwarded-for': xForwardedFor })).toBeUndefined();
  });

  it.each<[string, string, boolean]>([
    ['for=192.0.2.7;proto=https', '192.0.2.7', true],
    ['for=192.0.2.7;proto=http', '192.0.2.7', false],
    ['for=192.0.2.7', '192.0.2.7', false],
    ['for=198.51.100.1;proto=https, for=192.0.2.7;proto=http', '192.0.2.7', false],
    ['for=192.0.2.7;proto=https, for=10.0.0.2;proto=http', '192.0.2.7', true],
    ['for="[2001:db8::7]:99";proto=HTTPS', '2001:db8::7', true],
  ])('TR-01 HS-14 reads Forwarded: %s', (forwarded, address, isEncrypted) => {
    expect(find('forwarded', { forwarded })).toEqual({ address, isEncrypted, isBehindProxy: true });
  });

  it.each(['for=unknown;proto=https', 'proto=https', 'for="', 'for=_a1'])(
    'HS-14 guesses nothing from %s',
    (forwarded) => {
      expect(find('forwarded', { forwarded })).toBeUndefined();
    },
  );

  it.each<[string | undefined, boolean]>([
    ['https', true],
    ['HTTPS', true],
    ['wss', true],
    ['https, https', true],
    // The client wrote the first word, its proxy the second.
    ['https,http', false],
    ['http', false],
    ['', false],
    [undefined, false],
  ])('TR-01 takes X-Forwarded-Proto %j of a proxy for TLS: %j', (proto, isEncrypted) => {
    const forwarding = { 'x-forwarded-for': '192.0.2.7', ...(proto !== undefined && { 'x-forwarded-proto': proto }) };
    expect(find('x-forwarded-for', forwarding)).toMatchObject({ isEncrypted });
    // The proxy's own TLS says nothing about the client's.
    expect(find('x-forwarded-for', forwarding, PROXY, true)).toMatchObject({ isEncrypted });
  });

  it('HS-14 takes X-Real-IP for one address', () => {
    expect(find('x-real-ip', { 'x-real-ip': '192.0.2.7' })).toMatchObject({ address: '192.0.2.7' });
    expect(find('x-real-ip', { 'x-real-ip': '198.51.100.1,192.0.2.7' })).toBeUndefined();
  });

  it('HS-14 guesses nothing from a proxy that names no client', () => {
    expect(find('x-forwarded-for', { 'x-forwarded-proto': 'https' })).toBeUndefined();
  });

  it.each<[ForwardingHeader, ForwardingFields]>([
    ['x-forwarded-for', { forwarded: 'for=192.0.2.7;proto=https', 'x-real-ip': '192.0.2.8' }],
    ['forwarded', { 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https', 'x-real-ip': '192.0.2.8' }],
    ['x-real-ip', { 'x-forwarded-for': '192.0.2.7', forwarded: 'for=192.0.2.7;proto=https' }],
  ])('HS-14 reads no other family than %s', (header, forwarding) => {
    expect(find(header, forwarding)).toEqual({
      address: '10.0.0.1',
      isEncrypted: false,
      isBehindProxy: true,
    });
  });

  it.each<[string, ProxyRules | undefined]>([
    ['a peer that is not listed', rulesOf('x-forwarded-for')],
    ['any peer where no proxy is', undefined],
  ])('TR-01 HS-14 believes nothing that %s says', (_, rules) => {
    const forwarding = {
      'x-forwarded-for': '192.0.2.7',
      'x-forwarded-proto': 'https',
      'x-real-ip': '192.0.2.7',
      forwarded: 'for=192.0.2.7;proto=https',
    };
    const facts = { remoteAddress: '203.0.113.9', isEncrypted: false, forwarding };
    expect(findClient(facts, rules)).toEqual({ address: '203.0.113.9', isEncrypted: false, isBehindProxy: false });
  });

  it.each(['::ffff:c000:207', '[::FFFF:192.0.2.7]:8080', '0:0:0:0:0:ffff:c000:0207'])(
    'HS-14 F39 writes an IPv4 that a proxy forwards as %s in its own form',
    (hop) => {
      expect(find('x-forwarded-for', { 'x-forwarded-for': hop, 'x-forwarded-proto': 'https' })).toMatchObject({
        address: '192.0.2.7',
      });
    },
  );

  it('leaves a Unix socket without an address', () => {
    expect(findClient({ remoteAddress: undefined, isEncrypted: false, forwarding: {} }, undefined)).toEqual({
      address: '',
      isEncrypted: false,
      isBehindProxy: false,
    });
  });
});
