import { concatMap, from, type Observable, of } from 'rxjs';
import { refuseUnsendable } from '../core/plain-json.js';
import type { Principal } from '../core/principal.js';
import { isStream } from '../core/streams.js';
import { WsRefusalException } from '../core/ws-application.error.js';
import { refusalOfReply } from '../messages/exception-mapping.js';
import { readResponse } from '../messages/frames.js';
import type { HandlerPlan } from '../messages/handler-plan.js';
import { judgeRenewed } from '../messages/judge-renewed.js';
import type { Refusal } from '../messages/refusal.js';
import type { SecureWsRuntime } from '../secure-ws.runtime.js';
import { AuditedRefusal, ForeignCall } from './foreign-call.js';
import type { ForeignClient } from './foreign-client.js';
import type { WsSocketIdentities } from './ws-socket-identities.js';

/** Who a reply goes to. */
interface Recipient {
  readonly principal: Principal;
  /** For what roles it is written. */
  readonly roles: readonly string[];
}

const NO_ROLES: readonly string[] = Object.freeze([]);

/** The replies of one call through another adapter: written for who the socket is when each of them goes out. */
export class ForeignReplies {
  readonly #caller: Principal;
  /** Under which identity the call was judged last. */
  #judgedAs: Principal;

  constructor(
    private readonly runtime: SecureWsRuntime,
    private readonly identities: WsSocketIdentities,
    private readonly socket: object,
    private readonly plan: HandlerPlan,
    private readonly client: ForeignClient,
    /** What the guard has judged; `undefined` where none has. */
    private readonly call: ForeignCall | undefined,
  ) {
    this.#judgedAs = this.#caller = (call ?? client).principal;
  }

  /** The replies of a handler, as they may go out; the first one that may not ends them. */
  written(replies: Observable<unknown>): Observable<unknown> {
    return replies.pipe(concatMap((value) => this.#write(value)));
  }

  /** @throws {WsRefusalException} where the value does not fit, or is for nobody; at once or in what it answers. */
  #write(value: unknown): Observable<unknown> {
    const { principal, roles } = this.#recipient();
    const { call, plan } = this;
    if (call !== undefined && principal !== this.#judgedAs) {
      // Looked up once more behind it: the policies may have waited.
      return from(this.#judgeAgain(call, principal)).pipe(concatMap(() => this.#write(value)));
    }
    const { reply } = plan;
    try {
      if (reply === undefined) {
        if (!isStream(value)) refuseUnsendable(value);
        return of(value);
      }
      const response = readResponse(value);
      if (response === undefined) return of(reply.write(value, roles));
      return of({ event: response.event, data: reply.write(response.data, roles) });
    } catch (exception) {
      throw this.#refused(refusalOfReply(exception));
    }
  }

  /** SL-11: the same user has another token by now, which may have fewer rights. */
  async #judgeAgain(call: ForeignCall, principal: Principal): Promise<void> {
    const refusal = await judgeRenewed(call, principal);
    if (refusal !== undefined) throw this.#refused(refusal);
    this.#judgedAs = principal;
  }

  #refused(refusal: Refusal): AuditedRefusal {
    return new AuditedRefusal(refusal, this.runtime.defaultEngine.report(this.client, refusal, this.plan));
  }

  /**
   * Who gets a reply: a stream may have begun under another identity of its socket. It is written for no roles while that is
   * looked at again; what was revoked meanwhile, or has expired, is nobody's.
   *
   * @throws {WsRefusalException} where the socket is somebody else's by now, or nobody's.
   */
  #recipient(): Recipient {
    const { identities, socket } = this;
    const { key } = this.#caller;
    const current = identities.principalOf(socket);
    if (current !== undefined && current.key === key) return { principal: current, roles: current.roles };
    const previous = current === undefined ? identities.previousOf(socket) : undefined;
    const { expiresAt = Infinity } = previous ?? {};
    if (previous?.key === key && this.runtime.clock.now() < expiresAt) return { principal: previous, roles: NO_ROLES };
    throw new WsRefusalException('FORBIDDEN');
  }
}
