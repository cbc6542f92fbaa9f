import { InconclusiveError } from '../probe/inconclusive.js';
import { type Check, finding, notTested, passed } from './check.js';
import { tryEach } from './try-each.js';
import { refusedByNow } from './try-handshakes.js';

const FOREIGN = 'secure-ws-scan.foreign';

/** HS-10. */
export const foreignSubprotocolCheck: Check = {
  id: 'foreign-subprotocol',
  requirements: ['HS-10'],
  title: 'The server agrees to a subprotocol that it cannot know',
  why: 'It says yes to rules that it does not keep, and where a page sends its token as a subprotocol, the token comes back in the answer, and into the logs of every proxy.',
  cwe: 20,
  asvs: '2.2.1',
  severity: 'medium',
  confidence: 'certain',
  remediation: {
    nest: `@WebSocketGateway({ path: '/orders', handleProtocols: (offered) => offered.has('orders.v1') && 'orders.v1' })
// or import SecureWsModule, which agrees to subprotocols that it knows`,
    ws: `new WebSocketServer({ handleProtocols: (offered) => offered.has('orders.v1') && 'orders.v1' });`,
    socketIo: `new Server(http, { allowRequest: ({ headers }, decide) => decide(null, headers['sec-websocket-protocol'] === undefined) });`,
  },
  needsBaseline: true,
  async run({ prober }) {
    const offers = [
      { what: `Sec-WebSocket-Protocol: ${FOREIGN}`, subprotocols: [FOREIGN] },
      { what: 'no Sec-WebSocket-Protocol', subprotocols: [] },
    ];
    const { evidence, untried } = await tryEach(offers, async ({ subprotocols }) => {
      const { connection, answer } = await prober.open({ subprotocols });
      connection[Symbol.dispose]();
      if (answer.status >= 500)
        throw new InconclusiveError(`The server answered ${answer.status}, an error of its own.`);
      const agreed = answer.isAccepted ? answer.fields.get('sec-websocket-protocol') : undefined;
      const isForeign = agreed === FOREIGN || subprotocols.length === 0;
      return agreed !== undefined && isForeign ? `Sec-WebSocket-Protocol: ${agreed}` : undefined;
    });
    if (evidence.length > 0)
      return finding('It agreed to a subprotocol that nobody has, that was not offered, or that is a token.', evidence);
    if (untried !== undefined) return notTested(untried);
    return (
      (await refusedByNow((change) => prober.admits(change))) ?? passed('A foreign subprotocol was not agreed to.')
    );
  },
};
