import { Injectable } from '@nestjs/common';
import { deny, grant, type WsPolicy, type WsPolicyContext, type WsPolicyDecision } from '@secure-ws/nestjs';
import { RoomsService, type Membership } from './rooms.service.js';

/** Any message that names a room. */
export interface RoomMessage {
  readonly roomId: string;
}

/** Allows a message that names a room to the members of that room, and hands their {@link Membership} to the handler. */
@Injectable()
export class RoomMember implements WsPolicy<RoomMessage, Membership> {
  constructor(private readonly rooms: RoomsService) {}

  async authorize({ data, principal }: WsPolicyContext<RoomMessage>): Promise<WsPolicyDecision<Membership>> {
    const membership = await this.rooms.membership(data.roomId, principal.id);
    return membership === undefined ? deny() : grant(membership);
  }
}
