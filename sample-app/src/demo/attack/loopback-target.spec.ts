import { describe, expect, it } from 'vitest';
import { readTarget, type Resolve } from './loopback-target.js';

const answering =
  (...addresses: string[]): Resolve =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));

describe('the target of the demo attack', () => {
  it.each([
    ['https://localhost:3443', '127.0.0.1'],
    ['https://127.0.0.1:3443/', '127.0.0.1'],
    ['https://127.9.8.7:3443', '127.9.8.7'],
    ['https://[::1]:3443', '::1'],
  ])('may be %s', async (text, address) => {
    expect(await readTarget(text, answering(address))).toMatchObject({ port: 3443, address });
  });

  it('is reached by IPv4 where the name has both', async () => {
    expect(await readTarget('https://localhost:1', answering('::1', '127.0.0.1'))).toMatchObject({
      address: '127.0.0.1',
    });
  });

  it.each([
    ['https://example.com', ['93.184.216.34']],
    ['https://192.168.0.7:3443', ['192.168.0.7']],
    ['https://0.0.0.0:3443', ['0.0.0.0']],
    ['https://[::]:3443', ['::']],
    // Neither a name that sounds like it, nor one of whose addresses only one is.
    ['https://localhost.evil.example', ['93.184.216.34']],
    ['https://rebind.example', ['127.0.0.1', '10.0.0.1']],
    ['https://mapped.example', ['::ffff:10.0.0.1']],
    ['https://nothing.example', []],
  ])('is never %s', async (text, addresses) => {
    await expect(readTarget(text, answering(...addresses))).rejects.toThrow('is not this machine');
  });

  it.each([
    '',
    'localhost:3443',
    'http://localhost:3443',
    'https://user@localhost',
    'https://localhost/admin',
    'file:///etc',
  ])('is written as an https origin, and not as %j', async (text) => {
    await expect(readTarget(text, answering('127.0.0.1'))).rejects.toThrow('is not an address such as');
  });
});
