import { describe, expect, it } from 'vitest';
import { makePrincipal } from '../core/principal.js';
import { causedBy } from './event-cause.js';
import type { EventCause } from './catalogue/event-row.js';
import type { SecurityEventData } from './security-event.js';

const keyOf = (block: string): string =>
  makePrincipal({ issuer: 'https://id.example.com', id: 'x', kind: block }, { block, kind: block, now: 0 }).key;

const NOBODY = keyOf('anonymous');
const SOMEBODY = keyOf('jwt');

describe('causedBy', () => {
  it.each<[EventCause, object]>([
    ['stranger', { type: 'ws.handshake.refused', reason: 'csrf' }],
    ['user', { type: 'ws.handshake.refused', reason: 'principal-rate', principal: SOMEBODY }],
    ['stranger', { type: 'ws.connection.opened', principal: NOBODY, method: 'anonymous:none' }],
    // The key is hashed in what a sink gets, and the method is not.
    ['stranger', { type: 'ws.connection.closed', principal: '5eDTWm0Ws1GmzAqT', method: 'anonymous:none' }],
    ['user', { type: 'ws.connection.opened', principal: SOMEBODY, method: 'jwt:authorization' }],
    ['stranger', { type: 'ws.message.refused', reason: 'claims', principal: NOBODY }],
    ['user', { type: 'ws.message.refused', reason: 'claims', principal: SOMEBODY }],
    ['user', { type: 'ws.ticket.issued', principal: SOMEBODY }],
    ['stranger', { type: 'ws.application.failed', where: 'ChatGateway.handleConnection' }],
    ['stranger', { type: 'ws.operator.refused', reason: 'unauthenticated' }],
    ['operator', { type: 'ws.operator.acted', action: 'ban' }],
    ['stranger', { type: 'ws.alert.raised' }],
    ['stranger', { type: 'ws.attack.started' }],
    ['node', { type: 'ws.signal.received', signal: 'session-revoked' }],
    ['node', { type: 'ws.audit.dropped' }],
    ['node', { type: 'ws.store.away' }],
  ])('MO-09 DR-24 says %s of %j', (cause, event) => {
    expect(causedBy(event as SecurityEventData)).toBe(cause);
  });
});
