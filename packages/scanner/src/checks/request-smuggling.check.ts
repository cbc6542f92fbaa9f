import type { HandshakeChange } from '../probe/handshake-request.js';
import { InconclusiveError } from '../probe/inconclusive.js';
import type { Prober } from '../probe/prober.js';
import { BudgetSpentError } from '../scope/scan-budget.js';
import { type Check, type Evidence, finding, notTested, passed } from './check.js';

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
    const evidence: Evidence[] = [];
    for (const [sent, change] of WITH_BODY) {
      if (await accepts(prober, change)) evidence.push({ sent, got: '101' });
    }
    const second = await answerBehindRefusal(prober);
    if (second !== undefined)
      evidence.push({ sent: 'a request behind a handshake of version 777', got: `a second answer: ${second}` });
    if (evidence.length > 0) return finding('Bytes behind a handshake were not refused.', evidence);
    const { isAdmitted, saw } = await prober.admits();
    if (!isAdmitted) return notTested(`The good handshake is refused by now (${saw}): the refusals say nothing.`);
    return passed('Handshakes with a body were refused, and a request behind a refused one was not answered.');
  },
};

/** Whether a handshake is accepted. A server that waits for the rest of its body does not. */
async function accepts(prober: Prober, change: HandshakeChange): Promise<boolean> {
  try {
    const { connection, answer } = await prober.open(change);
    connection[Symbol.dispose]();
    return answer.isAccepted;
  } catch (error) {
    if (error instanceof BudgetSpentError || error instanceof InconclusiveError) throw error;
    return false;
  }
}

/** What is answered to a request that stands behind a handshake of no version; `undefined` where nothing is. */
async function answerBehindRefusal(prober: Prober): Promise<string | undefined> {
  const { connection, answer } = await prober.open({ version: '777', behind: BEHIND });
  using _ = connection;
  // Whoever takes that version has another finding, and reads what is behind it as frames.
  if (answer.isAccepted) return undefined;
  const rest = await connection.body({ ...answer, fields: new Map() }, prober.settleMs);
  return /HTTP\/1\.[01] \d{3}[^\r\n]{0,40}/.exec(rest)?.[0];
}
