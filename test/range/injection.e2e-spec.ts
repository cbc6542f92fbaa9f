import { type CheckOutcome, scan } from '@secure-ws/scanner';
import { expect, it } from 'vitest';
import { startTalker } from './talker.js';

/** What a scan says of a server that puts the name of a message where it should not. It refuses what `answer` has nothing to. */
async function injectionIn(answer: (name: unknown) => string | undefined): Promise<CheckOutcome | undefined> {
  const target = await startTalker((message) => {
    const data = answer(nameIn(message));
    return [JSON.stringify(data === undefined ? { event: 'error' } : { event: 'found', data })];
  });
  const messages = ['{"event":"find","data":{"name":"Ann"}}'];
  const { outcomes } = await scan({ target, messages, settleMs: 20, limits: { connectionsPerSecond: 1000 } });
  return outcomes.find(({ check }) => check === 'injection');
}

function nameIn(message: string): unknown {
  try {
    return (JSON.parse(message) as { readonly data: { readonly name: unknown } }).data.name;
  } catch {
    return undefined;
  }
}

const texts =
  (answer: (name: string) => string) =>
  (name: unknown): string | undefined =>
    typeof name === 'string' ? answer(name) : undefined;

const isOperator = (name: unknown): boolean => Object.hasOwn(Object(name) as object, '$gt');

it.each<readonly [what: string, severity: string, answer: (name: unknown) => string | undefined]>([
  ['a template', 'critical', texts((name) => name.replace('<%= 1337*1331 %>', '1779547'))],
  ['a command', 'critical', texts((name) => name.replace(String.raw`$(expr 1337 \* 1331)`, '1779547'))],
  ['a path', 'critical', texts((name) => (name.endsWith('/etc/passwd') ? 'root:x:0:0:root:/root:/bin/sh' : 'none'))],
  ['a quote', 'high', texts((name) => (name.startsWith(`'"`) ? 'syntax error at or near "x"' : 'none'))],
  ['an operator', 'medium', (name) => (typeof name === 'string' || isOperator(name) ? 'Ann, Bob' : undefined)],
  ['markup', 'low', texts((name) => name)],
])('SC-06 MV-14 sees that a server takes %s for more than data', { timeout: 60_000 }, async (_, severity, answer) => {
  expect(await injectionIn(answer)).toMatchObject({ outcome: 'finding', severity });
});

it('SC-06 MV-14 has nothing against a server that answers, and takes nothing for more than data', async () => {
  expect(await injectionIn(texts(() => 'none'))).toMatchObject({ outcome: 'passed' });
});

it('SC-06 MV-14 takes no operator to have been used where any object is answered', { timeout: 60_000 }, async () => {
  expect(await injectionIn(() => 'Ann, Bob')).toMatchObject({ outcome: 'passed' });
});

it('SC-04 MV-14 has tested nothing where nothing is answered', { timeout: 60_000 }, async () => {
  expect(await injectionIn(() => undefined)).toMatchObject({ outcome: 'not-tested' });
});
