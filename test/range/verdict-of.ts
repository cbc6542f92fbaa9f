import { type CheckOutcome, scan, type ScanOptions } from '@secure-ws/scanner';
import { startScripted } from './scripted-server.js';

type Scripted = Parameters<typeof startScripted>;

/** What a server does with handshakes and messages; of what it does not say: it accepts, and does as `startScripted` does. */
export interface Script {
  readonly serve?: Scripted[1];
  readonly decide?: Scripted[0];
}

/** What one check says of a server that follows a script. */
export async function verdictOf(
  check: string,
  { serve, decide = () => 'accept' }: Script,
  more: Partial<ScanOptions> = {},
): Promise<CheckOutcome | undefined> {
  const { outcomes } = await scan({
    target: await startScripted(decide, serve),
    checks: [check],
    isDisruptive: true,
    answerMs: 300,
    settleMs: 20,
    ...more,
    limits: { connectionsPerSecond: 1000, ...more.limits },
  });
  return outcomes.find((outcome) => outcome.check === check);
}
