import { once } from 'node:events';
import { connect, createServer, type Http2ServerRequest } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { requestAddress } from './request-address.js';

it('MO-02 knows the address of a request over HTTP/2, as Fastify hands it over', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  client.request({ ':path': '/metrics' }).on('error', () => undefined);
  const [raw] = (await once(server, 'request')) as [Http2ServerRequest];
  expect(requestAddress({ raw }, undefined)).toMatchObject({ address: '127.0.0.1' });
});
