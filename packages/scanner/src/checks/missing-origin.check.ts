import { type Check, notTested } from './check.js';
import { ORIGIN_REMEDIATION } from './origin-remediation.js';
import { withCookieAlone } from './cookie-alone.js';
import { tryHandshakes } from './try-handshakes.js';

/** HS-04. */
export const missingOriginCheck: Check = {
  id: 'missing-origin',
  requirements: ['HS-04'],
  title: 'A cookie opens a connection without an Origin',
  why: 'What a browser sends by itself must come with the Origin that it sends as well. Old embedded browsers and some proxies drop it, and a server that admits its absence then admits every page.',
  cwe: 1385,
  asvs: '4.4.2',
  severity: 'medium',
  confidence: 'firm',
  remediation: ORIGIN_REMEDIATION,
  needsBaseline: true,
  async run(context) {
    const { origin, credentials } = context.prober.identity;
    if (credentials.given.cookie === undefined) {
      return notTested('Only a cookie makes a missing Origin dangerous, and none was given: --cookie env:NAME.');
    }
    if (origin === undefined) return notTested('The good handshake has no Origin: name one with --origin.');
    // A program that shows a token needs no Origin: the cookie has to open it by itself.
    const judge = (await context.judge()) ?? ((change) => context.prober.admits(change));
    return withCookieAlone(context, judge, (alone) =>
      tryHandshakes(
        context,
        [['a cookie, and no Origin', { ...alone, origin: null }]],
        {
          found: 'A handshake with a cookie and without an Origin was accepted.',
          passed: 'A cookie without an Origin was refused.',
        },
        judge,
      ),
    );
  },
};
