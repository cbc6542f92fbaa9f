import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { answerTo, expectWholeRefusal, goodFields, refusalOf, withField } from '../support/raw-handshake.js';
import { sharedApp } from '../support/start-app.js';

// RFC 9110 section 7.6.1 makes a proxy remove what Connection names; https://nathandavison.com/blog/abusing-http-hop-by-hop-request-headers
describe('a Connection field that makes proxies remove another field', () => {
  const app = sharedApp({ providers: [EchoGateway] });

  it.each([
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    'X-Real-IP',
    'Forwarded',
    'Via',
    'Origin',
    'Authorization',
    'Cookie',
    'Host',
    'Sec-WebSocket-Protocol',
    'Sec-WebSocket-Version',
    'X-SSL-Client-Verify',
    'Client-Cert',
    'CF-Connecting-IP',
  ])('DP-07 HS-14 is refused and audited: %s', async (name) => {
    app().events.clear();
    for (const value of [`${name}, upgrade`, `Upgrade,${name.toUpperCase()}`]) {
      expectWholeRefusal(await refusalOf(app(), { fields: withField(goodFields(app()), 'Connection', value) }), 400);
    }
    const twice = withField(goodFields(app()), 'Connection', 'Upgrade', name);
    expectWholeRefusal(await refusalOf(app(), { fields: twice }), 400);
    const refused = { reason: 'bad-connection', owasp: 'malicious_extraneous' };
    expect(app().events.ofType('ws.handshake.refused')).toMatchObject([refused, refused, refused]);
  });

  it('DP-07 is let pass where it names what is meant for one hop', async () => {
    const fields = withField(goodFields(app()), 'Connection', 'keep-alive, Upgrade, TE');
    expect((await answerTo(app(), { fields })).status).toBe(101);
  });
});
