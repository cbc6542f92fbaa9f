import { type Check, notTested } from './check.js';
import { withCookieAlone } from './cookie-alone.js';
import { FOREIGN_ORIGIN } from './foreign-origin.check.js';
import { ORIGIN_REMEDIATION } from './origin-remediation.js';
import { tryHandshakes } from './try-handshakes.js';

/** HS-01 and HS-19. */
export const crossSiteCookieCheck: Check = {
  id: 'cross-site-cookie',
  requirements: ['HS-01', 'HS-19'],
  title: 'A page of another web site connects with the cookie of its visitor',
  why: 'Cross-site WebSocket hijacking: whoever is logged in and opens the wrong page gives it a connection in his name. Servers that look at Origin only beside a token, or believe Sec-Fetch-Site, have it.',
  cwe: 1385,
  asvs: '4.4.2',
  severity: 'critical',
  confidence: 'certain',
  remediation: ORIGIN_REMEDIATION,
  needsBaseline: true,
  async run(context) {
    if (context.prober.identity.credentials.given.cookie === undefined)
      return notTested('It needs a cookie: --cookie env:NAME.');
    const judge = await context.judge();
    if (judge === undefined)
      return notTested('A handshake without any credential is accepted: whether the cookie counts cannot be seen.');
    return withCookieAlone(context, judge, (alone) => {
      const { more = [] } = alone;
      const foreign = { ...alone, origin: FOREIGN_ORIGIN };
      const claims = [...more, ['Sec-Fetch-Site', 'same-origin'] as const];
      return tryHandshakes(
        context,
        [
          [`Origin: ${FOREIGN_ORIGIN}, the cookie, and no token`, foreign],
          [`the same with Sec-Fetch-Site: same-origin`, { ...foreign, more: claims }],
        ],
        {
          found: 'A handshake from a page of another web site was accepted by the cookie alone.',
          passed: 'From a page of another web site the cookie opens no connection.',
        },
        judge,
      );
    });
  },
};
