import { type Check, notTested } from './check.js';
import { tryHandshakes } from './try-handshakes.js';

/** AN-06. */
export const expiredCredentialCheck: Check = {
  id: 'expired-credential',
  requirements: ['AN-06'],
  title: 'An expired token opens a connection',
  why: 'A token that somebody has found in a log or a backup works forever.',
  cwe: 613,
  asvs: '9.2.1',
  severity: 'high',
  confidence: 'certain',
  remediation: {
    nest: 'SecureWsModule.forRoot({ authentication: { jwt: { ... } } }) // exp is required, and ends the connection as well',
    ws: `jwtVerify(token, key, { requiredClaims: ['exp'] }); // and setTimeout(() => socket.close(1008), exp * 1000 - Date.now())`,
    socketIo: `io.use(async (socket, next) => { await jwtVerify(socket.handshake.auth.token, key, { requiredClaims: ['exp'] }); next(); });`,
  },
  needsBaseline: true,
  async run(context) {
    const { identities } = context;
    if (!identities.includes('expired')) {
      return notTested('It needs a token that was good once: --token-expired env:NAME.');
    }
    const judge = await context.judge();
    if (judge === undefined) {
      return notTested('A handshake without any credential is accepted: whether a token is looked at cannot be seen.');
    }
    const texts = {
      found: 'The expired token was accepted.',
      passed: 'The expired token was refused, and the good one was not.',
    };
    return tryHandshakes(context, [['Authorization: Bearer [expired]', { credentials: 'expired' }]], texts, judge);
  },
};
