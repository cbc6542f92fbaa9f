import { expect, it } from 'vitest';
import { scoreboardPage } from './scoreboard-page.mjs';

/** @type {(outcome: 'finding' | 'passed' | 'not-tested', check: string) => unknown} */
const outcomeOf = (outcome, check) => ({ check, outcome });

const SCORES = /** @type {import('./scoreboard-page.mjs').Score[]} */ (
  /** @type {unknown} */ ([
    {
      name: 'one',
      version: 'one 1.2.3',
      hasEnded: false,
      result: {
        outcomes: [outcomeOf('finding', 'foreign-origin'), outcomeOf('not-tested', 'plaintext')],
        grade: { letter: 'F', points: 12, tested: 1, total: 2 },
      },
    },
    {
      name: 'two',
      version: 'two 4.5.6',
      hasEnded: true,
      result: {
        outcomes: [outcomeOf('passed', 'foreign-origin'), outcomeOf('not-tested', 'plaintext')],
        grade: { letter: undefined, points: 100, tested: 1, total: 2 },
      },
    },
  ])
);
const RUN = { node: '20.0.0', day: '2026-01-02', failed: [] };

it('SC-04 the scoreboard says what was seen, and nothing of what was not tested', () => {
  const page = scoreboardPage(SCORES, RUN);
  expect(page).toContain('| one    | `one 1.2.3` | F     | 12     | 1 of 2 | 1        |');
  expect(page).toContain('| two    | `two 4.5.6` | none  | 100    | 1 of 2 | 0        |');
  expect(page).toContain('| `foreign-origin` | **found** | good |');
  expect(page).toContain('| `plaintext`      | -         | -    |');
  expect(page).toContain('It ran on 2026-01-02 with Node 20.0.0.');
  expect(page).toContain('The process of two ended during the scan');
});

it('SC-04 the scoreboard names the peers that could not be scanned, and nobody where all could', () => {
  expect(scoreboardPage(SCORES, { ...RUN, failed: ['three'] })).toContain('have no grade: three.');
  expect(scoreboardPage(SCORES.slice(0, 1), RUN)).not.toMatch(/no grade|ended during/);
});
