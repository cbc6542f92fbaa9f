import { Injectable } from '@nestjs/common';
import { type Grant, grantRows, type WsPolicy, type WsPolicyContext } from '@secure-ws/nestjs';
import type { MemberRows } from '../database/row-security.js';

/**
 * Narrows what a handler reads to the rows of the sender. `RoomMember` has said yes by then; this holds also where that
 * answer is out of date, or a query forgets its room.
 */
@Injectable()
export class OwnRows implements WsPolicy {
  authorize({ principal }: WsPolicyContext): Grant<undefined> {
    return grantRows({ memberId: principal.id } satisfies MemberRows);
  }
}
