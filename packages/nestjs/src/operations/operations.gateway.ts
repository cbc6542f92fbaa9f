import type { Type } from '@nestjs/common';
import { Inject } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { concat, defer, type Observable, of } from 'rxjs';
import type { WsClaimsRequirement } from '../authorization/requirement.js';
import { WsAuthorize } from '../authorization/ws-authorize.decorator.js';
import { WsConnection } from '../core/ws-connection.js';
import { OWN_VENDOR, type StandardSchema } from '../core/standard-schema.js';
import { OwnRoute } from '../nest/own-route.js';
import { WsReply } from '../output/ws-reply.decorator.js';
import { SecureGateway } from '../secure-gateway.decorator.js';
import { seconds, WsThrottle } from '../throttling/ws-throttle.decorator.js';
import type { ConnectionPage } from './connection-rows.js';
import { ConfirmAction, ListConnections, PrepareAction } from './operations-messages.js';
import { OperationsBoard, type OperationsSnapshot } from './operations-board.js';
import { OPERATIONS_PLACE, type ResolvedOperationsOptions } from './operations.options.js';
import type { ActionOutcome, PreparedAction } from './operator-actions.js';

/** What goes out is put together field by field in this folder: it is declared, for `output.undeclaredReplies: 'fail'`. */
const AS_IT_IS: StandardSchema = {
  '~standard': { version: 1, vendor: OWN_VENDOR, validate: (value) => ({ value }) },
};

/** More than the page asks for, and little for a program that would list everybody in a loop. */
const LOOKING = { limit: 20, ttl: seconds(10) };
const ACTING = { limit: 20, ttl: seconds(60) };

/**
 * Makes the gateway behind the page. It is one like any other: its handshake, roles, limits and audit are those that the
 * module gives to every gateway.
 */
export function createOperationsGateway({ access, actions, socketPath, origins }: ResolvedOperationsOptions): Type {
  @SecureGateway({
    ...(origins !== undefined && { origins }),
    limits: { maxMessageBytes: 2048, maxStreams: 2 },
  })
  @OwnRoute(`${OPERATIONS_PLACE}.path`)
  @WebSocketGateway({ path: socketPath })
  @WsAuthorize(access)
  class OperationsGateway {
    constructor(@Inject(OperationsBoard) readonly board: OperationsBoard) {}

    /** The figures of now, and again and again. They end where the rights of the operator do. */
    @WsThrottle(LOOKING)
    @WsReply(AS_IT_IS)
    @SubscribeMessage('ops.watch')
    watch(): Observable<OperationsSnapshot> {
      return concat(
        defer(() => of(this.board.snapshot())),
        this.board.snapshots,
      );
    }

    /** One page of the connections. */
    @WsThrottle(LOOKING)
    @WsReply(AS_IT_IS)
    @SubscribeMessage('ops.connections')
    connections(@MessageBody() asked: ListConnections, @WsConnection() by: WsConnection): ConnectionPage {
      return this.board.page(asked, by.principal);
    }
  }
  return actions === undefined ? OperationsGateway : withActions(OperationsGateway, actions);
}

type Looking = new (board: OperationsBoard) => { readonly board: OperationsBoard };

/** Adds what operators do. What stands on the class holds for its heirs. */
function withActions(Parent: Looking, actions: WsClaimsRequirement): Type {
  // Of the same name as its parent: audit and policy lock name one gateway.
  class OperationsGateway extends Parent {
    /** Says what would happen. */
    @WsThrottle(ACTING)
    @WsAuthorize(actions)
    @WsReply(AS_IT_IS)
    @SubscribeMessage('ops.prepare')
    prepare(@MessageBody() asked: PrepareAction, @WsConnection() by: WsConnection): PreparedAction {
      return this.board.actions.prepare(asked, by);
    }

    /** Does what was prepared. */
    @WsThrottle(ACTING)
    @WsAuthorize(actions)
    @WsReply(AS_IT_IS)
    @SubscribeMessage('ops.confirm')
    confirm(@MessageBody() { confirmation }: ConfirmAction, @WsConnection() by: WsConnection): Promise<ActionOutcome> {
      return this.board.actions.confirm(confirmation, by);
    }
  }
  return OperationsGateway;
}
