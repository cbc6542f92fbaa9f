import { EndedWithoutAnswerError } from '../probe/inconclusive.js';
import type { Prober } from '../probe/prober.js';
import { type Check, finding, notTested, passed, type Verdict } from './check.js';

const COUNT = 40;
/** A limit by address is one of some seconds. */
const PAUSES = 10;
const PAUSE_MS = 1000;

/** HS-20. */
export const handshakeRateCheck: Check = {
  id: 'handshake-rate',
  requirements: ['HS-20'],
  title: 'Handshakes are taken at any rate',
  why: 'Each one costs a TLS handshake and the check of a token: without a limit by address they cost the server more than the attacker, and credentials can be guessed.',
  cwe: 770,
  asvs: '2.4.1',
  severity: 'low',
  confidence: 'tentative',
  remediation: {
    nest: 'Import SecureWsModule: handshake.limits.ratePerAddress is 20 in ten seconds.',
    ws: `http.on('upgrade', ({ socket }) => allows(socket.remoteAddress) || socket.end('HTTP/1.1 429 Too Many Requests\\r\\n\\r\\n'));`,
    socketIo: 'new Server(http, { allowRequest: ({ socket }, decide) => decide(null, allows(socket.remoteAddress)) });',
  },
  needsBaseline: true,
  async run({ prober }) {
    if (prober.limitedHandshakes > 0)
      return passed('During the scan the server said that there were too many handshakes.');
    for (let count = 1; count <= COUNT; count++) {
      const saw = await refusalOf(prober);
      if (saw !== undefined) return judgeRefusal(prober, `Handshake ${count} in a row was answered with ${saw}`);
    }
    return finding(`${COUNT} handshakes in a row were accepted, and none of the scan before was limited.`, [
      { sent: `${COUNT} good handshakes`, got: '101 each time' },
    ]);
  },
};

/** What a good handshake is refused with; `undefined` where it is accepted. */
async function refusalOf(prober: Prober): Promise<string | undefined> {
  try {
    const { connection, answer } = await prober.openOnce();
    connection[Symbol.dispose]();
    return answer.isAccepted ? undefined : String(answer.status);
  } catch (error) {
    if (error instanceof EndedWithoutAnswerError) return 'the end of the connection';
    throw error;
  }
}

/** Only `429` says what it means: any other refusal is one of a limit where it ends by itself. */
async function judgeRefusal(prober: Prober, says: string): Promise<Verdict> {
  if (prober.limitedHandshakes > 0) return passed(`${says}.`);
  for (let pause = 0; pause < PAUSES; pause++) {
    await prober.pause(PAUSE_MS);
    if ((await refusalOf(prober)) === undefined) return passed(`${says}, and was accepted after a pause.`);
  }
  return notTested(`${says}, and so were those ${(PAUSES * PAUSE_MS) / 1000} s later: that need not be a limit.`);
}
