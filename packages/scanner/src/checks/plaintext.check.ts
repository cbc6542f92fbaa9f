import { type Check, finding, notTested, passed } from './check.js';

/** TR-01. */
export const plaintextCheck: Check = {
  id: 'plaintext',
  requirements: ['TR-01'],
  title: 'Connections are not encrypted',
  why: 'Everybody on the way reads and changes what goes over a ws:// connection, tokens first.',
  cwe: 319,
  asvs: '4.4.1',
  severity: 'critical',
  confidence: 'certain',
  remediation: {
    nest: `NestFactory.create(AppModule, { httpsOptions: { key, cert } }); // or TLS at the proxy, and a redirect there`,
    ws: 'new WebSocketServer({ server: https.createServer({ key, cert }) });',
    socketIo: 'new Server(https.createServer({ key, cert }));',
  },
  needsBaseline: false,
  async run({ prober }) {
    const { target } = prober;
    if (target.isSecure) return passed('The target is a wss:// address.');
    if (target.isLoopback) {
      return notTested('On the machine itself nobody stands in between: scan the wss:// address that clients use.');
    }
    const { isAdmitted, saw } = await prober.admits();
    if (isAdmitted) return finding('A handshake without TLS was accepted.', [{ sent: target.shown, got: saw }]);
    return passed('A handshake without TLS was refused.');
  },
};
