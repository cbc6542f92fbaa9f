import { HttpException, HttpStatus } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { ERROR_MESSAGES, type ValidationIssue, type WsErrorCode } from '@secure-ws/protocol';
import { giveUp, takeHoldBriefly } from '../core/give-up.js';
import { isApplicationReason, WsApplicationError } from '../core/ws-application.error.js';
import { FORBIDDEN_MESSAGE } from '../nest/metadata.js';
import { PLAIN_DATA } from '../output/class-compiler.js';
import { OutputRun, UnfitOutputError } from '../output/output-run.js';
import { MAX_ISSUES } from '../validation/payload-run.js';
import type { Message } from './message.js';
import type { Refusal } from './refusal.js';

/** The statuses of an `HttpException` that mean the same as a code of the protocol. */
const BY_STATUS: ReadonlyMap<number, WsErrorCode> = new Map([
  [HttpStatus.BAD_REQUEST, 'VALIDATION_FAILED'],
  [HttpStatus.UNAUTHORIZED, 'FORBIDDEN'],
  [HttpStatus.FORBIDDEN, 'FORBIDDEN'],
  // What is not there answers as what is not yours (OD-05).
  [HttpStatus.NOT_FOUND, 'FORBIDDEN'],
  [HttpStatus.GONE, 'FORBIDDEN'],
  [HttpStatus.REQUEST_TIMEOUT, 'TIMEOUT'],
  [HttpStatus.PAYLOAD_TOO_LARGE, 'VALIDATION_FAILED'],
  [HttpStatus.UNPROCESSABLE_ENTITY, 'VALIDATION_FAILED'],
  [HttpStatus.TOO_MANY_REQUESTS, 'THROTTLED'],
  [HttpStatus.SERVICE_UNAVAILABLE, 'OVERLOADED'],
  [HttpStatus.GATEWAY_TIMEOUT, 'TIMEOUT'],
]);

/** The most that the details of an application's error may be as JSON, in UTF-16 units. */
const MAX_DETAILS = 4096;

/** Each value takes two characters of {@link MAX_DETAILS} at least. */
const DETAILS_LIMITS = Object.freeze({ depth: 8, values: MAX_DETAILS / 2 });

/**
 * Maps what a handler, guard, pipe or interceptor of the application threw to a refusal; docs/guide/errors.md has the
 * table. Nothing of an exception's text goes out, except where `detailedErrors` is on (OWASP ASVS 5.0 16.5.1): an
 * application tells its client something with a `WsApplicationError`.
 */
export function mapException(exception: unknown): Refusal {
  // `throw promise`, and what hangs on an error.
  takeHoldBriefly(exception);
  try {
    if (exception instanceof WsException) return mapWsException(exception);
    if (exception instanceof HttpException) return mapHttpException(exception);
  } catch {
    // A getter of the exception that throws, or a proxy: DR-14.
  }
  return { code: 'INTERNAL', reason: 'handler-failed', fault: { exception } };
}

/** What becomes of a message whose reply could not be written. */
export function refusalOfReply(exception: unknown): Refusal {
  if (exception instanceof UnfitOutputError) {
    // OD-04: nothing of it is sent, and the log says which handler returned what.
    return { code: 'INTERNAL', reason: 'reply-undeclared', text: exception.message, fault: { exception } };
  }
  // DR-14: a BigInt, a cycle or a throwing getter in a result ends the process in bare Nest.
  return { code: 'INTERNAL', reason: 'reply-not-serialisable', fault: { exception } };
}

/**
 * What becomes of a message whose exception a filter has had: one that answered nothing leaves the answer to us (F34), and
 * one that answered is audited all the same (F39).
 */
export function refusalOfFailure(message: Message, isAnswered: boolean): Refusal | undefined {
  const { failure } = message;
  if (failure === undefined) return undefined;
  const refusal = mapException(failure.exception);
  const isChosen = failure.isChosen === true && refusal.fault === undefined;
  if (!isAnswered) return isChosen ? { ...refusal, reason: 'application-filter' } : refusal;
  message.isAnswered = true;
  return { ...refusal, reason: 'application-filter' };
}

function mapHttpException(exception: HttpException): Refusal {
  const status = exception.getStatus();
  const code = BY_STATUS.get(status) ?? (status < 500 ? 'APPLICATION' : 'INTERNAL');
  if (code === 'INTERNAL') return { code, reason: 'handler-failed', fault: { exception } };
  const name = (HttpStatus as Readonly<Record<number, string | undefined>>)[status];
  const application = code === 'APPLICATION' ? { reason: name } : undefined;
  return { code, reason: 'application', application, text: exception.message };
}

/** Types hold nothing back at run time: only what belongs into a frame is taken over. */
function mapWsException(exception: WsException): Refusal {
  const text = exception.message;
  if (exception instanceof WsApplicationError) {
    const { reason, details } = exception;
    const application = { reason: isApplicationReason(reason) ? reason : undefined, details: detailsOf(details) };
    return { code: 'APPLICATION', reason: 'application', application, text };
  }
  const error: unknown = exception.getError();
  if (typeof error !== 'object' || error === null) {
    // What Nest itself throws where a guard said no.
    return { code: error === FORBIDDEN_MESSAGE ? 'FORBIDDEN' : 'APPLICATION', reason: 'application', text };
  }
  const { code, retryAfterMs, issues } = error as Record<string, unknown>;
  if (code === 'INTERNAL') return { code, reason: 'handler-failed', fault: { exception } };
  if (typeof code !== 'string' || !Object.hasOwn(ERROR_MESSAGES, code)) {
    if (!isApplicationReason(code)) return { code: 'FORBIDDEN', reason: 'application', text };
    return { code: 'APPLICATION', reason: 'application', application: { reason: code }, text };
  }
  const isWait = typeof retryAfterMs === 'number' && retryAfterMs >= 0 && Number.isFinite(retryAfterMs);
  const refusal: Refusal = { code: code as WsErrorCode, reason: 'application', text, ...(isWait && { retryAfterMs }) };
  if (!Array.isArray(issues)) return refusal;
  const listed = issues.filter(isIssue).slice(0, MAX_ISSUES);
  // Without what else they hold: an error of class-validator has the refused object with it.
  return { ...refusal, issues: listed.map(({ path, rule }) => ({ path, rule })) };
}

function isIssue(issue: unknown): issue is ValidationIssue {
  if (typeof issue !== 'object' || issue === null) return false;
  const { path, rule } = issue as Record<string, unknown>;
  return typeof path === 'string' && typeof rule === 'string';
}

/**
 * What the client gets of the details of a `WsApplicationError`: plain data as it is; of an instance of an output DTO the
 * properties that it exposes to everybody. An instance of any other class may be an entity with everything that a row holds:
 * with it, nothing of the details is sent.
 *
 * @returns `undefined` where there are none that may go out. Never throws.
 */
export function detailsOf(details: unknown): unknown {
  try {
    const written = PLAIN_DATA.write(details, new OutputRun([], false, DETAILS_LIMITS));
    if (written === undefined) return undefined;
    return JSON.stringify(written).length > MAX_DETAILS ? undefined : written;
  } catch {
    // An error is thrown at every message of a client, and its details are small or not sent.
    giveUp(details, DETAILS_LIMITS.values);
    return undefined;
  }
}
