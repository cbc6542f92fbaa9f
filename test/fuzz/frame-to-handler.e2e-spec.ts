import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../support/crash-watch.js';
import { FakeClock } from '../support/fake-clock.js';
import { startApp } from '../support/start-app.js';
import { FuzzedConnection, type Outcome } from './fuzzed-connection.js';
import { FuzzedGateway } from './fuzzed.gateway.js';
import { FORMATS } from './grammar.js';
import { Random } from './random.js';

/** `npm run fuzz` sends more of them, from another seed. */
const INPUTS = Number(process.env['FUZZ_INPUTS'] ?? 5000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_127);

/** A connection that lasts gets this many inputs. */
const INPUTS_EACH = 40;

describe(`${INPUTS} messages from the seed ${SEED}`, () => {
  it(
    'MV-01 MV-06 MV-12 DR-14 from the bytes of a frame to the handler: nothing invalid arrives, all is answered, the process lives',
    { timeout: 60_000 + INPUTS * 100 },
    async () => {
      const crashes = watchForCrashes();
      const random = new Random(SEED);
      const clock = new FakeClock(Date.now());
      const options = {
        throttling: { violations: { budget: 1_000_000_000 }, principal: [{ limit: 1_000_000, ttl: 1000 }] },
      };
      const app = await startApp({ providers: [FuzzedGateway], options, clock });
      const gateway = app.app.get(FuzzedGateway);
      const counts = { answered: 0, closed: 0 };
      for (let sent = 0; sent < INPUTS;) {
        const format = FORMATS[Math.floor(sent / INPUTS_EACH) % FORMATS.length] as (typeof FORMATS)[number];
        clock.advance(1000);
        const connection = await FuzzedConnection.open(app, format, () => clock.advance(1000));
        for (let at = 0; at < INPUTS_EACH && connection.isOpen && sent < INPUTS; at++, sent++) {
          const outcome: Outcome = await connection.send(random, `${sent}`);
          if (outcome !== 'answered' && outcome !== 'closed') {
            throw new Error(`Input ${sent} of the seed ${SEED} (${format}) is ${outcome}.`);
          }
          counts[outcome]++;
          expect(gateway.invalid, `input ${sent} of the seed ${SEED} (${format})`).toEqual([]);
          expect(crashes, `input ${sent} of the seed ${SEED} (${format})`).toEqual([]);
        }
        connection.end();
      }
      // It fuzzes what it should: messages of every kind get through, and most do not.
      for (const runs of Object.values(gateway.handled)) expect(runs).toBeGreaterThan(INPUTS / 200);
      expect(counts.closed).toBeGreaterThan(INPUTS / 100);
      expect(counts.answered).toBeGreaterThan(INPUTS / 2);
    },
  );
});
