import { OPCODES } from '../probe/frames.js';
import type { RawConnection } from '../probe/raw-connection.js';
import { type Check, finding, passed } from './check.js';
import { refusedByNow } from './try-handshakes.js';

/** DR-12 and DR-13. */
export const idleConnectionsCheck: Check = {
  id: 'idle-connections',
  requirements: ['DR-12', 'DR-13'],
  title: 'Connections that are not alive are kept',
  why: 'A phone that has lost its net, or an attacker who sends half a request and waits, costs a socket and its memory for hours: a few thousand of them, and nobody else gets one.',
  cwe: 400,
  asvs: '15.2.2',
  severity: 'low',
  confidence: 'firm',
  remediation: {
    nest: 'Import SecureWsModule, which pings, and ends what does not answer; and server.headersTimeout = 10_000.',
    ws: `http.headersTimeout = 10_000;
setInterval(() => { for (const client of wss.clients) { if (!client.isAlive) client.terminate(); client.isAlive = false; client.ping(); } }, 30_000);
// on('pong'): client.isAlive = true`,
    socketIo:
      'new Server(http, { pingInterval: 25_000, pingTimeout: 20_000, connectTimeout: 10_000 }); // its defaults; and http.headersTimeout',
  },
  needsBaseline: true,
  isDisruptive: true,
  async run({ prober, idleMs }) {
    using head = await prober.halfHandshake();
    // It has said what a client of the dialect says, and answered a ping: from here on it is silent.
    const { connection: silent } = await prober.spoken();
    using _ = silent;
    const kinds = [
      ['half of a handshake', head],
      ['no answer to any ping', silent],
    ] as const;
    const deadline = performance.now() + idleMs;
    const ended = await Promise.all([head.endsBy(deadline), closesBy(silent, deadline)]);
    const shown = `${Math.round(idleMs / 100) / 10} s`;
    const evidence = kinds.flatMap(([sent], index) =>
      ended[index] === true ? [] : [{ sent, got: `the connection was still open after ${shown}`, about: sent }],
    );
    if (evidence.length > 0) return finding(`Connections that were not alive were kept for ${shown}.`, evidence);
    // A server that is gone has ended them as well.
    return (
      (await refusedByNow((change) => prober.admits(change))) ??
      passed(`Half of a handshake, and a client that answers no ping, were ended within ${shown}.`)
    );
  },
};

/** Reads what comes, and says nothing to it. */
async function closesBy(connection: RawConnection, deadline: number): Promise<boolean> {
  for (;;) {
    const frame = await connection.frameBy(deadline);
    if (frame === undefined) return connection.hasEnded;
    if (frame.opcode === OPCODES.close) return true;
  }
}
