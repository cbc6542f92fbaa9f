import { describe, expect, it } from 'vitest';
import { type Authority, parseAuthority } from './authority.js';
import { type HostRules, isHostAllowed } from './host-policy.js';

function authority(text: string): Authority {
  const parsed = parseAuthority(text);
  if (parsed === undefined) throw new Error(`${text} is no host`);
  return parsed;
}

const UNSET: HostRules = { hosts: undefined, publicHost: undefined };
const PUBLIC: HostRules = { hosts: undefined, publicHost: 'chat.example.com' };
const LISTED: HostRules = {
  hosts: ['a.example', 'b.example:8443', 'c.example:443'].map(authority),
  publicHost: 'chat.example.com',
};

describe('isHostAllowed', () => {
  it.each([
    ['any host on the network', UNSET, 'api.example.com', false, true],
    ['a loopback name locally', UNSET, 'localhost:3000', true, true],
    ['a loopback address locally', UNSET, '127.0.0.1:3000', true, true],
    ['IPv6 loopback locally', UNSET, '[::1]:3000', true, true],
    ['a loopback name from the network', UNSET, 'localhost', false, true],
    ['a foreign name locally', UNSET, 'evil.example', true, false],
    ['a name that only begins like loopback', UNSET, '127.0.0.1.evil.example', true, false],
    ['the public host', PUBLIC, 'chat.example.com', false, true],
    ['the public host on another port', PUBLIC, 'chat.example.com:8443', false, true],
    ['the public host locally, behind a proxy', PUBLIC, 'chat.example.com', true, true],
    ['a loopback name beside the public host', PUBLIC, 'localhost', true, true],
    ['a loopback name from the network', PUBLIC, 'localhost', false, false],
    ['another name beside the public host', PUBLIC, 'evil.example', false, false],
    ['a subdomain of the public host', PUBLIC, 'x.chat.example.com', false, false],
    ['a listed host', LISTED, 'a.example', false, true],
    ['a listed host on any port', LISTED, 'a.example:1234', false, true],
    ['a listed host and port', LISTED, 'b.example:8443', false, true],
    ['a listed host on another port', LISTED, 'b.example:8444', false, false],
    ['a listed host without its port', LISTED, 'b.example', false, false],
    ['a listed default port that Host leaves out', LISTED, 'c.example', false, true],
    ['the public host beside a list', LISTED, 'chat.example.com', false, false],
    ['a loopback name beside a list', LISTED, 'localhost', true, false],
  ])('HS-08 judges %s', (_, rules, host, isLocal, expected) => {
    expect(isHostAllowed(authority(host), () => isLocal, rules)).toBe(expected);
  });

  it.each<[string, HostRules, string, number]>([
    ['a listed host', LISTED, 'a.example', 0],
    ['the public host', PUBLIC, 'chat.example.com', 0],
    ['a loopback name where any host passes', UNSET, 'localhost', 0],
    ['a foreign name beside the public host', PUBLIC, 'evil.example', 0],
    ['a foreign name where any host passes', UNSET, 'evil.example', 1],
    ['a loopback name beside the public host', PUBLIC, 'localhost', 1],
  ])('HS-08 asks where a connection arrived only where it matters: %s', (_, rules, host, times) => {
    let asked = 0;
    isHostAllowed(authority(host), () => ++asked > 0, rules);
    expect(asked).toBe(times);
  });
});
