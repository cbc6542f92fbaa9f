import { describe, expect, expectTypeOf, it } from 'vitest';
import { ERROR_MESSAGES, type WsErrorCode } from '@secure-ws/protocol';
import type { HandshakeRefusalReason } from '../../handshake/handshake-refusal.js';
import type { JsonRefusalReason } from '../../core/safe-json.js';
import {
  HANDSHAKE_REASONS,
  type HandshakeReason,
  MESSAGE_REASONS,
  type MessageReason,
  OWASP_EVENT_NAMES,
} from '../event-reasons.js';
import { owaspNameOf, SECURITY_EVENT_TYPES, type SecurityEventData } from '../security-event.js';

const handshake = (reason: HandshakeReason): SecurityEventData => ({
  type: 'ws.handshake.refused',
  status: 403,
  reason,
  address: '192.0.2.7',
});

const message = (reason: string, code: WsErrorCode = 'FORBIDDEN'): SecurityEventData => ({
  type: 'ws.message.refused',
  code,
  reason,
  connectionId: 'c',
  principal: 'p',
  path: '/',
  address: '192.0.2.7',
  correlationId: 'x',
});

const closed = (reason: 'TOKEN_EXPIRED' | 'SLOW_CONSUMER' | 'NORMAL' | 'REVOKED'): SecurityEventData => ({
  type: 'ws.connection.closed',
  reason,
  connectionId: 'c',
  principal: 'p',
  path: '/',
  address: '192.0.2.7',
  codeSeen: 1000,
  initiator: 'server',
  durationMs: 1,
  messagesReceived: 0,
  bytesReceived: 0,
  messagesSent: 0,
  bytesSent: 0,
});

const opened: SecurityEventData = {
  type: 'ws.connection.opened',
  connectionId: 'c',
  principal: 'p',
  path: '/',
  address: '192.0.2.7',
};

describe('owaspNameOf', () => {
  it('MO-03 MO-04 knows exactly the reasons for which a handshake is refused', () => {
    expectTypeOf<HandshakeRefusalReason>().toEqualTypeOf<HandshakeReason>();
    for (const reason of Object.keys(HANDSHAKE_REASONS) as HandshakeReason[]) {
      expect(OWASP_EVENT_NAMES).toContain(owaspNameOf(handshake(reason)));
    }
  });

  it('MO-03 MO-04 knows every reason for which JSON is refused', () => {
    expectTypeOf<`json-${JsonRefusalReason}`>().toExtend<MessageReason>();
    expect(Object.keys(MESSAGE_REASONS)).toContain('json-syntax');
  });

  it('MO-04 has the names that tools look for', () => {
    expect(OWASP_EVENT_NAMES).toEqual(
      expect.arrayContaining([
        'authn_login_fail',
        'authn_token_reuse',
        'authz_fail',
        'excess_rate_limit_exceeded',
        'excess_sessions_exceeded',
        'input_validation_fail',
        'malicious_csrf',
        'malicious_cors',
        'crypt_decrypt_fail',
        'sequence_fail',
        'session_expired',
        'session_use_after_expire',
        'sys_crash',
      ]),
    );
    expect(new Set(OWASP_EVENT_NAMES).size).toBe(OWASP_EVENT_NAMES.length);
  });

  it.each<[string, SecurityEventData, string | undefined]>([
    ['a foreign origin', handshake('origin-not-allowed'), 'malicious_cors'],
    ['a missing origin', handshake('origin-missing'), 'malicious_cors'],
    ['a missing CSRF token', handshake('csrf'), 'malicious_csrf'],
    ['a guard', handshake('guard'), 'authz_fail'],
    ['a rate limit', handshake('address-rate'), 'excess_rate_limit_exceeded'],
    ['a connection cap', handshake('principal-connections'), 'excess_sessions_exceeded'],
    ['no credential', { ...handshake('unauthenticated'), failure: 'missing' } as SecurityEventData, 'authn_login_fail'],
    [
      'an expired token',
      { ...handshake('unauthenticated'), failure: 'expired' } as SecurityEventData,
      'session_use_after_expire',
    ],
    ['an unknown event', message('unknown-event'), 'authz_fail'],
    ['a policy', message('policy'), 'authz_fail'],
    ['broken JSON', message('json-syntax', 'BAD_MESSAGE'), 'input_validation_fail'],
    ['a throttle', message('connection-throttle', 'THROTTLED'), 'excess_rate_limit_exceeded'],
    ['an expired identity', message('identity-expired'), 'session_use_after_expire'],
    ['an application that throttles', message('application', 'THROTTLED'), 'excess_rate_limit_exceeded'],
    ['an application that forbids', message('application', 'FORBIDDEN'), 'authz_fail'],
    [
      'an application that finds the data invalid',
      message('application', 'VALIDATION_FAILED'),
      'input_validation_fail',
    ],
    ['a reason of a later version', message('constructor', 'REPLAYED'), 'sequence_fail'],
    ['an expired session', closed('TOKEN_EXPIRED'), 'session_expired'],
    ['a slow consumer', closed('SLOW_CONSUMER'), 'excess_rate_limit_exceeded'],
    ['a revoked session', closed('REVOKED'), 'authn_token_revoked'],
    ['an orderly end', closed('NORMAL'), undefined],
    ['a log-in', { ...opened, method: 'jwt:authorization' }, 'authn_login_success'],
    ['a connection without one', { ...opened, method: 'anonymous:none' }, 'session_created'],
    ['an exception that a filter took', message('application-filter', 'FORBIDDEN'), 'authz_fail'],
    ['a handler that fails when its client has left', message('handler-failed-after-close'), 'sys_crash'],
  ])('MO-04 names %s', (_, event, name) => {
    expect(owaspNameOf(event)).toBe(name);
  });

  it.each(Object.keys(MESSAGE_REASONS))('MO-03 MO-04 names the refusal of a message for %s', (reason) => {
    for (const code of [...Object.keys(ERROR_MESSAGES), 'UNKNOWN_EVENT'] as WsErrorCode[]) {
      expect(OWASP_EVENT_NAMES).toContain(owaspNameOf(message(reason, code)));
    }
  });

  it.each(SECURITY_EVENT_TYPES.filter((type) => !/refused|reported|closed|alert/.test(type)))(
    'MO-04 names %s by its type alone',
    (type) => {
      expect(OWASP_EVENT_NAMES).toContain(owaspNameOf({ type } as SecurityEventData));
    },
  );
});
