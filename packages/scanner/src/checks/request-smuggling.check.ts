import type { HandshakeChange } from '../probe/handshake-request.js';
import { EndedWithoutAnswerError, InconclusiveError } from '../probe/inconclusive.js';
import type { Prober } from '../probe/prober.js';
import { type Check, finding, notTested, passed } from './check.js';
import { tryEach } from './try-each.js';
import { ofAll, refusedByNow } from './try-handshakes.js';

/** A masked ping: of six bytes, and no harm where they are read as a frame. */
const PING = '\x89\x80\0\0\0\0';

const WITH_BODY: readonly (readonly [what: string, change: HandshakeChange])[] = [
  ['a handshake with a Content-Length and a body', { more: [['Content-Length', '6']], behind: PING }],
  ['a handshake with Transfer-Encoding: chunked', { more: [['Transfer-Encoding', 'chunked']] }],
];

/** What a proxy that believes in the upgrade lets through without looking at it. */
const BEHIND = 'GET /secure-ws-scan/behind HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** HS-12. */
export const requestSmugglingCheck: Check = {
  id: 'request-smuggling',
  requirements: ['HS-12'],
  title: 'What stands behind a handshake is read in two ways',
  why: 'A proxy takes the bytes behind a handshake for a body, or for a tunnel, and the server for frames, or for one more request: so one gets past the rules of the proxy, or into the connection of somebody else.',
  cwe: 444,
  asvs: '4.2.1',
  severity: 'medium',
  confidence: 'certain',
  remediation: {
    nest: 'SecureWsModule refuses each of them and ends the connection: import it.',
    ws: `http.on('upgrade', ({ headers }, socket) => {
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) socket.destroy();
}); // and refuse with Connection: close, and socket.end()`,
    socketIo: `new Server(http, { allowRequest: ({ headers }, decide) => decide(null, !('content-length' in headers || 'transfer-encoding' in headers)) });`,
  },
  needsBaseline: true,
  async run({ prober }) {
    const things = [
      ...WITH_BODY.map(([what, change]) => ({ what, attempt: () => answerTo(prober, change) })),
      { what: 'a request behind a handshake of version 777', attempt: () => answerBehindRefusal(prober) },
    ];
    const { evidence, refused, untried } = await tryEach(things, ({ attempt }) =>
      attempt().catch((error: unknown) => {
        if (error instanceof EndedWithoutAnswerError) return undefined;
        throw error;
      }),
    );
    if (evidence.length > 0) return finding('Bytes behind a handshake were not refused.', evidence);
    if (untried !== undefined) return notTested(`${ofAll(refused, things.length)}${untried}`);
    return (
      (await refusedByNow((change) => prober.admits(change))) ??
      passed('Handshakes with a body were refused, and a request behind a refused one was not answered.')
    );
  },
};

/** What a handshake is accepted with; `undefined` where it is refused. */
async function answerTo(prober: Prober, change: HandshakeChange): Promise<string | undefined> {
  const { connection, answer } = await prober.open(change);
  connection[Symbol.dispose]();
  if (answer.status >= 500) throw new InconclusiveError(`The server answered ${answer.status}, an error of its own.`);
  return answer.isAccepted ? '101' : undefined;
}

/** What is answered to a request that stands behind a handshake of no version; `undefined` where nothing is. */
async function answerBehindRefusal(prober: Prober): Promise<string | undefined> {
  const { connection, answer } = await prober.open({ version: '777', behind: BEHIND });
  using _ = connection;
  if (answer.isAccepted) throw new InconclusiveError('The server took the version: what is behind it are frames.');
  if (answer.status >= 500) throw new InconclusiveError(`The server answered ${answer.status}, an error of its own.`);
  const rest = await connection.behindBody(answer, prober.settleMs);
  const second = /^\s*(HTTP\/1\.[01] \d{3}[^\r\n]{0,40})/.exec(rest)?.[1];
  return second === undefined ? undefined : `a second answer: ${second}`;
}
