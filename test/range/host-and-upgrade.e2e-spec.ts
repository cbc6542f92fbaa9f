import type { IncomingMessage } from 'node:http';
import { scan, type CheckOutcome, type ScanOptions } from '@secure-ws/scanner';
import { describe, expect, it } from 'vitest';
import { RANGE, startRangeServer } from './range-server.js';
import { rangeAuthority } from './range-tls.js';
import { type Decision, startScripted } from './scripted-server.js';

async function verdictOf(check: string, options: ScanOptions): Promise<CheckOutcome | undefined> {
  const { outcomes } = await scan({
    checks: [check],
    limits: { connectionsPerSecond: 1000 },
    settleMs: 20,
    ...options,
  });
  return outcomes.find((outcome) => outcome.check === check);
}

const versionIs13 = ({ headers, method }: IncomingMessage): boolean =>
  headers['sec-websocket-version'] === '13' && method === 'GET';

describe('what a server has a right to', { timeout: 60_000 }, () => {
  it.each<readonly [upgrade: RegExp, outcome: string]>([
    [/(?:^|[\s,])websocket(?:$|[\s,])/, 'passed'],
    [/./, 'finding'],
  ])(
    'HS-07 SC-06 takes a list in Upgrade that has websocket in it (RFC 9110 section 7.8): %s',
    async (fits, outcome) => {
      const decide = (request: IncomingMessage): Decision => {
        if (!versionIs13(request) || !fits.test(request.headers.upgrade ?? '')) return 400;
        // ws by itself takes no list.
        request.headers.upgrade = 'websocket';
        return 'accept';
      };
      const verdict = await verdictOf('malformed-handshake', { target: await startScripted(decide) });
      expect(verdict).toMatchObject({
        outcome,
        evidence: outcome === 'passed' ? [] : [{ sent: 'Upgrade: h2c' }, { sent: 'Upgrade: websocket-2' }],
      });
    },
  );

  it('HS-08 answers any Host over TLS: no page gets there by a name that its certificate has not', async () => {
    const ca = (await rangeAuthority()).cert;
    const verdictFor = async (tls?: 'in-order'): Promise<CheckOutcome | undefined> =>
      verdictOf('foreign-host', {
        target: await startRangeServer(['any-host'], '127.0.0.1', tls),
        ca,
        origin: RANGE.origin,
        credentials: { token: RANGE.token },
      });
    expect(await verdictFor()).toMatchObject({ outcome: 'finding', severity: 'medium', confidence: 'firm' });
    expect(await verdictFor('in-order')).toMatchObject({
      outcome: 'finding',
      severity: 'low',
      says: expect.stringContaining('certificate') as string,
    });
  });
});
