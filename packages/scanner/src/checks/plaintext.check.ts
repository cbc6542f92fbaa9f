import { InconclusiveError } from '../probe/inconclusive.js';
import type { Prober } from '../probe/prober.js';
import { BudgetSpentError } from '../scope/scan-budget.js';
import { type Check, type Evidence, finding, notTested, passed, type Verdict } from './check.js';

/** TR-01 and TR-02. */
export const plaintextCheck: Check = {
  id: 'plaintext',
  requirements: ['TR-01', 'TR-02'],
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
  async run({ prober, plainPort }) {
    const { target } = prober;
    if (target.isSecure) return tryPorts(prober, [target.port, ...(plainPort === undefined ? [] : [plainPort])]);
    if (target.isLoopback) {
      return notTested('On the machine itself nobody stands in between: scan the wss:// address that clients use.');
    }
    const { isAdmitted, saw } = await prober.admits();
    if (isAdmitted) return finding('A handshake without TLS was accepted.', [{ sent: target.shown, got: saw }]);
    return passed('A handshake without TLS was refused.');
  },
};

/** Whether the server of a wss:// address takes connections without TLS as well. No credential goes out on them. */
async function tryPorts(prober: Prober, ports: readonly number[]): Promise<Verdict> {
  const asked: Evidence[] = [];
  const refused: string[] = [];
  for (const port of new Set(ports)) {
    const sent = `ws:// at port ${port}, without a credential`;
    const saw = await answerWithoutTls(prober, port);
    if (saw === '101') return finding('A handshake without TLS was accepted.', [{ sent, got: saw }]);
    if (saw === '401') asked.push({ sent, got: saw });
    refused.push(`port ${port}: ${saw}`);
  }
  // It would read the credential next: whether it would take it is not tried, for it would go out in the clear.
  if (asked.length > 0) return finding('A credential is asked for without TLS.', asked, { confidence: 'tentative' });
  return passed(`The target is a wss:// address, and takes no connection without TLS (${refused.join(', ')}).`);
}

async function answerWithoutTls(prober: Prober, port: number): Promise<string> {
  try {
    return (await prober.withoutTls(port).admits({ credentials: 'none' })).saw;
  } catch (error) {
    if (error instanceof BudgetSpentError || error instanceof InconclusiveError) throw error;
    return 'no answer';
  }
}
