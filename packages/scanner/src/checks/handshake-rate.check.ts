import { type Check, finding, passed } from './check.js';

const COUNT = 40;

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
      const { connection, answer } = await prober.openOnce();
      connection[Symbol.dispose]();
      if (!answer.isAccepted) return passed(`Handshake ${count} in a row was answered with ${answer.status}.`);
    }
    return finding(`${COUNT} handshakes in a row were accepted, and none of the scan before was limited.`, [
      { sent: `${COUNT} good handshakes`, got: '101 each time' },
    ]);
  },
};
