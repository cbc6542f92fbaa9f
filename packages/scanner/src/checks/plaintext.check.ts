import { InconclusiveError } from '../probe/inconclusive.js';
import type { Prober } from '../probe/prober.js';
import { BudgetSpentError } from '../scope/scan-budget.js';
import { type Check, finding, notTested, passed, type Verdict } from './check.js';

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
  async run({ prober, plainPort }) {
    const { target } = prober;
    if (target.isSecure) return tryPorts(prober, portsOf(target.port, plainPort));
    if (target.isLoopback) {
      return notTested('On the machine itself nobody stands in between: scan the wss:// address that clients use.');
    }
    const { isAdmitted, saw, answer } = await prober.admits();
    if (isAdmitted) return finding('A handshake without TLS was accepted.', [{ sent: target.shown, got: saw }]);
    // Of any other refusal nobody knows whether it is one for want of TLS.
    if (SENDS_AWAY.has(answer.status)) return passed(`A handshake without TLS was sent away: ${saw}.`);
    return notTested(`A handshake without TLS was refused with ${saw}, for a reason that is not clear.`);
  },
};

/** Redirects, `426 Upgrade Required`, and what servers of TLS say to a text. */
const SENDS_AWAY: ReadonlySet<number> = new Set([301, 302, 303, 307, 308, 400, 426]);

/** The port of the target, the one that was named, and the usual one beside the usual one of TLS. */
function portsOf(port: number, plainPort: number | undefined): ReadonlySet<number> {
  return new Set([port, ...(plainPort === undefined ? [] : [plainPort]), ...(port === 443 ? [80] : [])]);
}

/** Whether the server of a wss:// address takes connections without TLS as well. No credential goes out on them. */
async function tryPorts(prober: Prober, ports: ReadonlySet<number>): Promise<Verdict> {
  const refused: string[] = [];
  let asking: Verdict | undefined;
  let unclear: string | undefined;
  for (const port of ports) {
    const sent = `ws:// at port ${port}, without a credential`;
    const { isAdmitted, saw, status } = await answerWithoutTls(prober, port);
    if (isAdmitted) return finding('A handshake without TLS was accepted.', [{ sent, got: saw, about: sent }]);
    // It would read the credential next: whether it would take it is not tried, for it would go out in the clear.
    if (status === 401)
      asking ??= finding('A credential is asked for without TLS.', [{ sent, got: saw, about: sent }], {
        confidence: 'tentative',
      });
    else if (status !== 0 && !SENDS_AWAY.has(status)) unclear ??= `port ${port}: ${saw}`;
    refused.push(`port ${port}: ${saw}`);
  }
  if (asking !== undefined) return asking;
  if (unclear !== undefined)
    return notTested(`A server answers without TLS (${unclear}): whether it takes a good handshake there is not tried, as the credential would go out in the clear.`); // prettier-ignore
  return passed(`The target is a wss:// address, and takes no connection without TLS (${refused.join(', ')}).`);
}

async function answerWithoutTls(
  prober: Prober,
  port: number,
): Promise<{ readonly isAdmitted: boolean; readonly saw: string; readonly status: number }> {
  try {
    const { isAdmitted, saw, answer } = await prober.withoutTls(port).admits({ credentials: 'none' });
    return { isAdmitted, saw, status: answer.status };
  } catch (error) {
    if (error instanceof BudgetSpentError || error instanceof InconclusiveError) throw error;
    return { isAdmitted: false, saw: 'no answer', status: 0 };
  }
}
