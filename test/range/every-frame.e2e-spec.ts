import { describe, expect, it } from 'vitest';
import { verdictOf } from './verdict-of.js';

const messages = ['{"event":"save","data":{"name":"Ann"}}'];
const ACK = '{"event":"ack"}';

interface Sent {
  readonly event?: unknown;
  readonly data?: Readonly<Record<string, unknown>>;
}

function read(message: string): Sent {
  try {
    return (JSON.parse(message) ?? {}) as Sent;
  } catch {
    return {};
  }
}

const rendered = (name: unknown): string => String(name).replace('{{1337*1331}}', '1779547');

/** Merges as a loop over keys does: `__proto__` is read out of the data, and written as fields. */
function merged(data: Readonly<Record<string, unknown>>): object {
  return Object.keys(data).reduce<object>(
    (into, key) => ({ ...into, ...(key === '__proto__' ? (data[key] as object) : { [key]: data[key] }) }),
    {},
  );
}

describe('an effect in a frame that is not the first good one', { timeout: 60_000 }, () => {
  it.each<readonly [what: string, severity: string, answer: (name: unknown) => string]>([
    ['a template in an answer', 'critical', (name) => JSON.stringify({ event: 'saved', data: rendered(name) })],
    ['a template in a refusal', 'critical', (name) => JSON.stringify({ event: 'error', data: rendered(name) })],
    [
      'an error of a database in a refusal',
      'high',
      (name) =>
        JSON.stringify({ event: 'error', data: String(name).startsWith(`'"`) ? 'syntax error at or near "x"' : 'no' }),
    ],
  ])('SC-06 MV-14 is seen behind an acknowledgement: %s', async (_, severity, answer) => {
    const verdict = await verdictOf(
      'injection',
      {
        serve: (client, message) => {
          const { event, data } = read(message);
          if (event !== 'save') return client.send('{"event":"error"}');
          client.send(ACK);
          client.send(answer(data?.['name']));
        },
      },
      { messages },
    );
    expect(verdict).toMatchObject({ outcome: 'finding', severity });
    // The frame that shows it, and not the one in front of it.
    expect(verdict?.evidence[0]?.got).not.toBe(ACK);
  });

  it('SC-06 MV-14 is seen in an acknowledgement of Socket.IO that comes behind an event', async () => {
    const verdict = await verdictOf(
      'injection',
      {
        serve: (client, message) => {
          if (message.startsWith('40')) return client.send('40{"sid":"x"}');
          const name = /^421\["save",(.*)\]$/s.exec(message)?.[1];
          if (name === undefined) return;
          client.send('42["joined",{"room":"lobby"}]');
          client.send(`431[${rendered(name)}]`);
        },
      },
      { messages: ['421["save",{"name":"Ann"}]'] },
    );
    expect(verdict).toMatchObject({ outcome: 'finding', severity: 'critical' });
  });

  it('SC-06 MV-04 is seen where a merged object comes behind an acknowledgement', async () => {
    const verdict = await verdictOf(
      'prototype-keys',
      {
        serve: (client, message) => {
          const { event, data = {} } = read(message);
          if (event !== 'save') return client.send('{"event":"error"}');
          client.send(ACK);
          client.send(JSON.stringify({ event: 'saved', data: merged(data) }));
        },
      },
      { messages },
    );
    expect(verdict).toMatchObject({ outcome: 'finding' });
    expect(verdict?.evidence[0]?.got).toContain('secureWsScanMark');
  });

  it.each(['injection', 'prototype-keys'])('SC-06 %s is not seen where there is none', async (check) => {
    const serve = (client: { send(text: string): void }): void => {
      client.send(ACK);
      client.send('{"event":"saved","data":{"id":7}}');
    };
    expect(await verdictOf(check, { serve }, { messages })).toMatchObject({ outcome: 'passed' });
  });
});
