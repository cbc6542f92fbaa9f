import { findLeaks } from '@secure-ws/protocol/leaks';
import { reactionsTo } from '../matrix/build-matrix.js';
import {
  type Check,
  type Confidence,
  type Evidence,
  finding,
  notTested,
  passed,
  SEVERITIES,
  type Severity,
} from './check.js';
import { INJECTIONS } from './injections.js';
import { type KnownMessage, knownMessages, NEEDS_ANSWERED } from './known-messages.js';

const MAX_PLACES = 4;
const MAX_DEPTH = 4;

/** MV-14. */
export const injectionCheck: Check = {
  id: 'injection',
  requirements: ['MV-14'],
  title: 'Data of a message is run, or is sent back as it is',
  why: 'What a handler puts into a query, a template, a command or a path is read there as a language: whoever writes the message writes the query.',
  cwe: 74,
  asvs: '1.2.4',
  severity: 'high',
  confidence: 'firm',
  remediation: {
    nest: `class Order { @IsUUID() accountId: string } // types stop objects and quotes; and queries take parameters:
manager.query('SELECT * FROM orders WHERE account = $1', [order.accountId])`,
    ws: `const order = schema.parse(data); // strings that are strings
await pool.query('SELECT * FROM orders WHERE account = $1', [order.accountId]);`,
    socketIo: `const order = schema.parse(data); // strings that are strings
await pool.query('SELECT * FROM orders WHERE account = $1', [order.accountId]);`,
  },
  needsBaseline: true,
  async run(context) {
    const known = await knownMessages(context, 'answered');
    const places = known.flatMap((message) => placesIn(message).slice(0, MAX_PLACES));
    if (places.length === 0) return notTested(NEEDS_ANSWERED);
    const sent = places.flatMap((place) => INJECTIONS.map(({ value }) => place(value)));
    const reactions = await reactionsTo(context, 'given', sent);
    const evidence: Evidence[] = [];
    let worst: { readonly severity: Severity; readonly confidence: Confidence } | undefined;
    for (const [index, { kind, shows }] of reactions.entries()) {
      for (const effect of INJECTIONS[index % INJECTIONS.length]?.effects ?? []) {
        if (!effect.isIn(shows, kind === 'answered')) continue;
        evidence.push({ sent: `${effect.what}: ${sent[index]}`, got: shows });
        if (worst === undefined || isWorse(effect.severity, worst.severity)) worst = effect;
      }
      if (!findLeaks(shows).some(({ rule }) => rule === 'database')) continue;
      evidence.push({ sent: `an error of a database: ${sent[index]}`, got: shows });
      if (worst === undefined || isWorse('high', worst.severity)) worst = { severity: 'high', confidence: 'firm' };
    }
    if (worst !== undefined) {
      const { severity, confidence } = worst;
      return finding('Data of a message had an effect that data must not have.', evidence, { severity, confidence });
    }
    if (!reactions.some(({ kind }) => kind !== 'silent' && kind !== 'not-admitted'))
      return notTested('The server said nothing to the messages.');
    return passed(`${sent.length} messages with quotes, templates, commands, paths and operators had no effect.`);
  },
};

const isWorse = (one: Severity, other: Severity): boolean => SEVERITIES.indexOf(one) > SEVERITIES.indexOf(other);

/** Every text and number in the data of a message, as what makes the message with another value there. */
function placesIn(known: KnownMessage): readonly ((value: unknown) => string)[] {
  return leavesOf(known.data, known.with, 0);
}

function leavesOf(
  value: unknown,
  put: (value: unknown) => string,
  depth: number,
): readonly ((value: unknown) => string)[] {
  if (typeof value === 'string' || typeof value === 'number') return [put];
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const outer = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
    return leavesOf(inner, (other) => put(Object.assign(outer, { [key]: other })), depth + 1);
  });
}
