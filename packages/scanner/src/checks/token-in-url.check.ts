import { pathOf } from '../probe/handshake-request.js';
import { type Check, notTested } from './check.js';
import { type BadHandshake, tryHandshakes } from './try-handshakes.js';

const NAMES = ['token', 'access_token', 'auth', 'jwt'];

/** AN-05. */
export const tokenInUrlCheck: Check = {
  id: 'token-in-url',
  requirements: ['AN-05'],
  title: 'A token in the URL is accepted',
  why: 'URLs stand in the logs of servers and proxies, in histories and in Referer fields. A token in one is read by many, for as long as it lives.',
  cwe: 598,
  asvs: '14.2.1',
  severity: 'medium',
  confidence: 'certain',
  remediation: {
    nest: `new WebSocket(url, ['json.v1', \`bearer.\${token}\`]) // SecureWsModule reads it there; or a ticket of @secure-ws/nestjs`,
    ws: `const token = request.headers.authorization; // never new URL(request.url).searchParams`,
    socketIo: `io(url, { auth: { token } }); // socket.handshake.auth, never socket.handshake.query`,
  },
  needsBaseline: true,
  async run(context) {
    const { prober } = context;
    const { token } = prober.identity.credentials.given;
    if (token === undefined) return notTested('It needs a token: --token env:NAME.');
    const judge = await context.judge();
    if (judge === undefined) {
      return notTested(
        'A handshake without any credential is accepted: whether a token in the URL is read cannot be seen.',
      );
    }
    const bare = pathOf(prober.target, { credentials: 'none' });
    const separator = bare.includes('?') ? '&' : '?';
    return tryHandshakes(
      context,
      NAMES.map((name): BadHandshake => {
        const path = `${bare}${separator}${name}=${encodeURIComponent(token)}`;
        return [`?${name}=[redacted], and no other credential`, { credentials: 'none', path }];
      }),
      {
        found: 'The token was accepted in the query of the URL.',
        passed: `The token was refused in the query parameters ${NAMES.join(', ')}.`,
      },
      judge,
    );
  },
};
