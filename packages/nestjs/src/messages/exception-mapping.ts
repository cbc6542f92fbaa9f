import { HttpException, HttpStatus } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { ERROR_MESSAGES, type ValidationIssue, type WsErrorCode } from '@secure-ws/protocol';
import { MAX_ISSUES } from '../validation/payload-check.js';

/** What becomes of an exception on the wire. */
export interface MappedException {
  readonly code: WsErrorCode;
  readonly retryAfterMs?: number;
  readonly issues?: readonly ValidationIssue[];
  /** Whether the application failed, rather than refused: then its operator needs the stack. */
  readonly isFault: boolean;
}

const BY_STATUS: ReadonlyMap<number, WsErrorCode> = new Map([
  [HttpStatus.BAD_REQUEST, 'VALIDATION_FAILED'],
  [HttpStatus.UNPROCESSABLE_ENTITY, 'VALIDATION_FAILED'],
  [HttpStatus.PAYLOAD_TOO_LARGE, 'VALIDATION_FAILED'],
  [HttpStatus.REQUEST_TIMEOUT, 'TIMEOUT'],
  [HttpStatus.TOO_MANY_REQUESTS, 'THROTTLED'],
  [HttpStatus.SERVICE_UNAVAILABLE, 'OVERLOADED'],
  [HttpStatus.GATEWAY_TIMEOUT, 'TIMEOUT'],
]);

/**
 * Maps what a handler, guard, pipe or interceptor of the application threw to an error code.
 *
 * Nothing of the exception's text goes out (OWASP ASVS 5.0 16.5.1). An application chooses a code with
 * `throw new WsRefusalException('THROTTLED', { retryAfterMs: 1000 })`; any other `WsException` is a refusal, `FORBIDDEN`,
 * like 401, 403, 404 and the remaining 4xx of an `HttpException` (a resource that is not there answers as one that is not
 * yours). Everything else is `INTERNAL`.
 */
export function mapException(exception: unknown): MappedException {
  try {
    return mapKnown(exception);
  } catch {
    // A getter of the exception that throws, or a proxy: DR-14.
    return FAULT;
  }
}

const FAULT: MappedException = Object.freeze({ code: 'INTERNAL', isFault: true });

function mapKnown(exception: unknown): MappedException {
  if (exception instanceof WsException) return mapWsException(exception);
  if (exception instanceof HttpException) {
    const status = exception.getStatus();
    const code = BY_STATUS.get(status) ?? (status < 500 ? 'FORBIDDEN' : 'INTERNAL');
    return { code, isFault: code === 'INTERNAL' };
  }
  return FAULT;
}

/** Of `WsRefusalException` too. Types hold nothing back at run time: only what belongs into a frame is taken over. */
function mapWsException(exception: WsException): MappedException {
  const error: unknown = exception.getError();
  const fields = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  const { code, retryAfterMs, issues } = fields;
  if (typeof code !== 'string' || !Object.hasOwn(ERROR_MESSAGES, code)) return { code: 'FORBIDDEN', isFault: false };
  const isWait = typeof retryAfterMs === 'number' && retryAfterMs >= 0 && Number.isFinite(retryAfterMs);
  return {
    code: code as WsErrorCode,
    isFault: code === 'INTERNAL',
    ...(isWait && { retryAfterMs: Math.ceil(retryAfterMs) }),
    ...(Array.isArray(issues) && { issues: issues.filter(isIssue).slice(0, MAX_ISSUES).map(toIssue) }),
  };
}

function isIssue(issue: unknown): issue is ValidationIssue {
  if (typeof issue !== 'object' || issue === null) return false;
  const { path, rule } = issue as Record<string, unknown>;
  return typeof path === 'string' && typeof rule === 'string';
}

/** Without what else it holds: an error of class-validator has the refused object with it. */
const toIssue = ({ path, rule }: ValidationIssue): ValidationIssue => ({ path, rule });
