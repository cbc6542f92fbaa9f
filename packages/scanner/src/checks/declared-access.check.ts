import { declaredAccess } from '../matrix/declared-access.js';
import { COLUMN_TITLES } from '../matrix/matrix.js';
import type { Who } from '../scope/credentials.js';
import { type Check, type Evidence, finding, notTested, passed } from './check.js';

/** AZ-01. */
export const declaredAccessCheck: Check = {
  id: 'declared-access',
  requirements: ['AZ-01'],
  title: 'The server answers whom its policy lock keeps out',
  why: 'What was reviewed is not what runs: an old release, another configuration, a proxy that leads elsewhere, or a handler that nobody declared.',
  cwe: 862,
  asvs: '8.2.1',
  severity: 'critical',
  confidence: 'firm',
  remediation: {
    nest: `SecureWsModule.forRoot({ policyLock: 'enforce', ... }) // what does not fit secure-ws.lock.json does not boot`,
    ws: 'Deploy what was reviewed: no handler answers that the lock does not have.',
    socketIo: 'Deploy what was reviewed: no handler answers that the lock does not have.',
  },
  needsBaseline: true,
  async run({ lock, messages, identities, matrix }) {
    if (lock === undefined)
      return notTested('It needs the policy lock of the application: --lock secure-ws.lock.json.');
    if (messages.length === 0) return notTested('It needs messages: --messages.');
    const evidence: Evidence[] = [];
    let compared = 0;
    let untried: string | undefined;
    for (const { event, message, reactions } of (await matrix()).rows) {
      const { kind, says } = declaredAccess(lock, event);
      for (const who of identities) {
        const reaction = reactions[who];
        if (reaction === undefined || !isKeptOut(kind, who)) continue;
        // Silence is no refusal.
        if (reaction.kind === 'silent') {
          untried ??= `as ${COLUMN_TITLES[who]}: the server said nothing to ${event ?? message}.`;
          continue;
        }
        if (reaction.kind === 'not-tried') {
          untried ??= `as ${COLUMN_TITLES[who]}: ${reaction.shows}`;
          continue;
        }
        compared++;
        if (reaction.kind !== 'answered') continue;
        const sent = `as ${COLUMN_TITLES[who]}, declared "${says}": ${message}`;
        evidence.push({ sent, got: reaction.shows, about: `${event ?? message} as ${who}` });
      }
    }
    if (evidence.length > 0) return finding('Messages were answered against the policy lock.', evidence);
    if (untried !== undefined)
      return notTested(`${compared} cells of the matrix were refused, and others were not seen to be. ${untried}`);
    if (compared === 0) return notTested('The lock keeps nobody out of these messages.');
    return passed(`${compared} cells of the matrix were refused, as the lock says.`);
  },
};

/** Whether an identity may not send an event. Roles are not known here, and what a policy says of B is another check. */
function isKeptOut(kind: 'unknown' | 'closed' | 'public' | 'roles' | 'judged', who: Who): boolean {
  if (kind === 'unknown' || kind === 'closed') return true;
  return kind !== 'public' && (who === 'none' || who === 'expired');
}
