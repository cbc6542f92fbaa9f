import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { blamedAddress, nodeRequestOf, requestAddress } from './request-address.js';

function requestFrom(remoteAddress: string | undefined, fields: readonly string[] = []): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress });
  const request = new IncomingMessage(socket);
  request.rawHeaders.push(...fields);
  return request;
}

describe('requestAddress', () => {
  it.each<[string | undefined, string, string]>([
    ['192.0.2.1', '192.0.2.1', 'address:192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1', 'address:192.0.2.1'],
    ['2001:db8::1', '2001:db8::1', 'address:2001:db8:0:0::/64'],
    [undefined, '', 'address:unknown'],
  ])('DR-16 counts a request from %s as its handshake', (remote, address, key) => {
    expect(requestAddress(requestFrom(remote), undefined)).toEqual({ address, key });
  });

  it('HS-14 believes no forwarding field of a peer that is no proxy', () => {
    const request = requestFrom('192.0.2.1', ['X-Forwarded-For', '198.51.100.7']);
    expect(requestAddress(request, undefined)).toMatchObject({ address: '192.0.2.1' });
  });

  it.each<[string, string | undefined, string, string | undefined]>([
    ['the client', '192.0.2.1', 'for=203.0.113.9', '203.0.113.9'],
    ['the proxy, where the client has made its fields invalid', '192.0.2.1', '"garbage, for=203.0.113.9', '192.0.2.1'],
    ['nobody, of a Unix socket', undefined, '"garbage', undefined],
  ])('MO-03 HS-14 blames %s', (_, remote, forwarded, blamed) => {
    const proxies = {
      isTrusted: (address: string) => ['', '192.0.2.1'].includes(address),
      header: 'forwarded',
    } as const;
    expect(blamedAddress(requestFrom(remote, ['Forwarded', forwarded]), proxies)).toBe(blamed);
  });

  it('DR-16 finds the request of Node in that of Fastify, and takes any other one as it is', () => {
    const raw = requestFrom('192.0.2.1');
    expect(nodeRequestOf({ raw })).toBe(raw);
    expect(nodeRequestOf(raw)).toBe(raw);
    const odd = { raw: { socket: {} } };
    expect(nodeRequestOf(odd)).toBe(odd);
    expect(requestAddress({ raw }, undefined)).toMatchObject({ address: '192.0.2.1' });
  });
});
