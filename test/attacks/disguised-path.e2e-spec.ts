import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { answerTo, expectWholeRefusal, goodFields, refusalOf, withField } from '../support/raw-handshake.js';
import { APP_ORIGIN, sharedApp } from '../support/start-app.js';

describe('a path that is written in another way', () => {
  const app = sharedApp({ providers: [EchoGateway] });

  it.each(['/echo', '/echo?', '/echo?a=%zz&a=/../'])('HS-09 admits %s', async (target) => {
    expect(await answerTo(app(), { target })).toMatchObject({ status: 101 });
  });

  it.each([
    '/',
    '/nothing',
    '/Echo',
    '/echo/',
    '/echo//',
    '//echo',
    '///echo',
    '/x/../echo',
    '/./echo',
    '/echo/.',
    '/echo/..',
    '/echo/x/..',
    '/echo/%2e%2e',
    '/x/%2e%2e/echo',
    '/x%2f..%2fecho',
    '/%65cho',
    '/ech%6f',
    '/echo%00',
    '/echo%0d%0a',
    '/echo%2f',
    '/echo%5c',
    '/echo%',
    '/echo%zz',
    '/echo%25',
    '/echo;',
    '/echo;jsessionid=1',
    '/echo#',
    '/echo\\',
    '\\echo',
    'echo',
    '*',
    '/echo\u0080',
    '/echo|',
    'http://127.0.0.1/echo',
    'HTTP://localhost/echo',
    'ws://localhost/echo',
    'https://evil.example/echo',
    '//evil.example/echo',
    'javascript:/echo',
    '/__proto__',
    '/constructor',
    '/toString',
  ])('HS-09 finds nothing at %j, answers whole, and stays up', async (target) => {
    const { connections } = app().app.get(EchoGateway);
    const response = await refusalOf(app(), { target });
    // What is no request line at all never comes to us: Node answers that, with 400 and an empty body.
    if (response.status !== 400) expectWholeRefusal(response, 404);
    expect(response.body.toString('latin1')).not.toContain('echo');
    expect(app().app.get(EchoGateway).connections).toBe(connections);
    expect(await answerTo(app())).toMatchObject({ status: 101 });
  });
});

describe('a host that is not this server’s', () => {
  const app = sharedApp({ providers: [EchoGateway] });
  const named = sharedApp({
    providers: [EchoGateway],
    https: true,
    options: {
      handshake: { origins: [APP_ORIGIN], trustedProxies: 'none', hosts: ['chat.example.com', 'api.example.com:8443'] },
    },
  });

  it('HS-08 is refused where the server listens on a loopback address: a page rebinds its own name to it', async () => {
    for (const host of [
      'evil.example',
      `evil.example:${app().port}`,
      '127.0.0.1.evil.example',
      'localhost.evil.example',
    ]) {
      const fields = [...withField(goodFields(app()), 'Host', host), ['Origin', APP_ORIGIN] as const];
      expectWholeRefusal(await refusalOf(app(), { fields }), 421);
    }
  });

  it.each(['localhost', 'LOCALHOST:1', '127.0.0.1', '[::1]', '[::1]:4200'])(
    'HS-08 admits the loopback name %s',
    async (host) => {
      const fields = withField(goodFields(app()), 'Host', host);
      expect(await answerTo(app(), { fields })).toMatchObject({ status: 101 });
    },
  );

  it.each(['chat.example.com', 'CHAT.example.com:443', 'chat.example.com:1234', 'api.example.com:8443'])(
    'HS-08 admits the listed host %s',
    async (host) => {
      const fields = withField(goodFields(named()), 'Host', host);
      expect(await answerTo(named(), { fields })).toMatchObject({ status: 101 });
    },
  );

  it.each([
    'evil.example',
    'localhost',
    '127.0.0.1',
    'example.com',
    'chat.example.com.evil.example',
    'evil-chat.example.com',
    'chatXexample.com',
    'api.example.com',
    'api.example.com:443',
    'api.example.com:84430',
    'chat.example.com@evil.example',
    'chat.example.com, evil.example',
    'chat.example.com/',
    'chat.example.com:',
    '[::1',
    '[::1]x',
    '[zz]',
    '[::ffff:127.0.0.1]',
    '%63hat.example.com',
    'chat.example.com%00',
    'chat.example.com\u0080',
    'chat.example.com:65536',
  ])('HS-08 HS-23 refuses the host %j', async (host) => {
    const response = await refusalOf(named(), { fields: withField(goodFields(named()), 'Host', host) });
    expect([400, 421]).toContain(response.status);
    expectWholeRefusal(response, response.status);
  });
});
