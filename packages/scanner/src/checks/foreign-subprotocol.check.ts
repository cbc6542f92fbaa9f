import { type Check, type Evidence, finding, notTested, passed } from './check.js';

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
    const evidence: Evidence[] = [];
    const agreedTo = async (sent: string, subprotocols: readonly string[]): Promise<boolean> => {
      const { connection, answer } = await prober.open({ subprotocols });
      connection[Symbol.dispose]();
      const agreed = answer.fields.get('sec-websocket-protocol');
      if (answer.isAccepted && agreed !== undefined && (agreed === FOREIGN || subprotocols.length === 0)) {
        evidence.push({ sent, got: `Sec-WebSocket-Protocol: ${agreed}` });
      }
      return answer.isAccepted || answer.status === 400;
    };
    const isForeignTold = await agreedTo(`Sec-WebSocket-Protocol: ${FOREIGN}`, [FOREIGN]);
    await agreedTo('no Sec-WebSocket-Protocol', []);
    if (evidence.length > 0)
      return finding('It agreed to a subprotocol that nobody has, or that was not offered.', evidence);
    if (isForeignTold) return passed('A foreign subprotocol was not agreed to.');
    return notTested('The handshake with a foreign subprotocol was refused for a reason that is not clear.');
  },
};
