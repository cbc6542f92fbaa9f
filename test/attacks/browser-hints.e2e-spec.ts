import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { handshake } from '../support/handshake.js';
import { APP_ORIGIN, sharedApp } from '../support/start-app.js';

/** What a browser adds or obeys, and anybody else writes as it likes. */
const FRIENDLY = {
  'Sec-Fetch-Site': 'same-origin',
  'Sec-Fetch-Mode': 'websocket',
  'Sec-Fetch-Dest': 'websocket',
  'Sec-Fetch-Storage-Access': 'none',
  Referer: `${APP_ORIGIN}/chat`,
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Request-Method': 'GET',
  'X-Requested-With': 'XMLHttpRequest',
};

const HOSTILE = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', Referer: 'https://evil.example/' };

describe('what only a browser promises', () => {
  const app = sharedApp({ providers: [EchoGateway] });
  const attempt = (origin: string | undefined, headers: Readonly<Record<string, string>>) =>
    handshake(`${app().url}/echo`, { token: app().token(), headers, ...(origin !== undefined && { origin }) });

  it.each(['https://evil.example', 'null', 'http://localhost:4201'])(
    'HS-19 lets no page of %s in, however friendly the hints',
    async (origin) => {
      expect(await attempt(origin, FRIENDLY)).toMatchObject({ status: 403 });
      expect(await attempt(origin, {})).toMatchObject({ status: 403 });
      // A later check may say 403 too.
      const reasons = app().events.ofType('ws.handshake.refused').slice(-2);
      expect(reasons.map(({ reason }) => reason)).toEqual(['origin-not-allowed', 'origin-not-allowed']);
    },
  );

  it('HS-19 stands in for no Origin beside a cookie, SameSite or not', async () => {
    expect(await attempt(undefined, { ...FRIENDLY, Cookie: 'sid=1; SameSite=Strict' })).toMatchObject({ status: 403 });
  });

  it('HS-19 keeps no page out whose Origin is allowed', async () => {
    expect(await attempt(APP_ORIGIN, HOSTILE)).toBe('open');
    expect(await attempt(APP_ORIGIN, {})).toBe('open');
  });
});
