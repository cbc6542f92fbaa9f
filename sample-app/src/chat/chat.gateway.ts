import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayDisconnect,
  type WsResponse,
} from '@nestjs/websockets';
import { seconds, WsAuthorize, WsConnection, WsResource, WsRowFilter, WsThrottle } from '@secure-ws/nestjs';
import type { MemberRows } from '../database/row-security.js';
import { OwnRows } from '../rooms/own-rows.policy.js';
import { RoomMember } from '../rooms/room-member.policy.js';
import { RoomsService, type Member, type Membership } from '../rooms/rooms.service.js';
import { MessagesService, type ChatMessage, type HistoryPage } from './messages.service.js';
import { ReadHistory } from './read-history.dto.js';
import { RoomPresence } from './room-presence.js';
import { Room } from './room.dto.js';
import { SendMessage } from './send-message.dto.js';

/** The answer to `room.join`. */
export interface JoinedRoom {
  readonly roomId: string;
  readonly name: string;
  /** May hold simple markup: sanitise it before it is shown as HTML. */
  readonly topic: string;
  readonly members: readonly Member[];
}

/**
 * The chat. Every event names a room, and {@link RoomMember} decides before any of these methods runs: they work with
 * the membership that it granted and never look at an id that the client chose.
 */
@WebSocketGateway({ path: '/chat' })
@WsAuthorize(RoomMember)
export class ChatGateway implements OnGatewayDisconnect {
  readonly #presence = new RoomPresence();

  constructor(
    private readonly rooms: RoomsService,
    private readonly messages: MessagesService,
  ) {}

  handleDisconnect(client: object): void {
    this.#presence.leaveAll(client);
  }

  /** Enters a room: from now on its messages come to this connection. */
  @WsThrottle({ limit: 20, ttl: seconds(10) })
  @SubscribeMessage('room.join')
  async join(
    @MessageBody() _room: Room,
    @WsResource() membership: Membership,
    @WsConnection() connection: WsConnection,
    @ConnectedSocket() client: object,
  ): Promise<WsResponse<JoinedRoom>> {
    const { roomId, roomName, topic } = membership;
    this.#presence.join(roomId, client, connection);
    const members = await this.rooms.members(roomId);
    return { event: 'room.join', data: { roomId, name: roomName, topic, members } };
  }

  /** Stores a message and passes it on to the room. */
  @WsThrottle({ limit: 10, ttl: seconds(10) })
  @SubscribeMessage('message.send')
  async send(
    @MessageBody() { text }: SendMessage,
    @WsResource() membership: Membership,
    @WsConnection() connection: WsConnection,
  ): Promise<WsResponse<ChatMessage>> {
    const message = await this.messages.add(membership, text);
    await this.broadcast(membership, 'message', message, connection);
    return { event: 'message.send', data: message };
  }

  /** Reads older messages: the database itself leaves out what is not the sender's to read. */
  @WsAuthorize(OwnRows)
  @WsThrottle({ limit: 20, ttl: seconds(10) })
  @SubscribeMessage('message.history')
  async history(
    @MessageBody() { before }: ReadHistory,
    @WsResource(RoomMember) { roomId }: Membership,
    @WsRowFilter(OwnRows) rows: MemberRows,
  ): Promise<WsResponse<HistoryPage>> {
    return { event: 'message.history', data: await this.messages.history(rows, roomId, before) };
  }

  /** Tells the room that somebody is typing. */
  @WsThrottle({ limit: 5, ttl: seconds(5) })
  @SubscribeMessage('typing')
  async typing(
    @MessageBody() _room: Room,
    @WsResource() membership: Membership,
    @WsConnection() connection: WsConnection,
  ): Promise<void> {
    const { roomId, userId, userName } = membership;
    await this.broadcast(membership, 'typing', { roomId, user: { id: userId, name: userName } }, connection);
  }

  private async broadcast({ roomId }: Membership, event: string, data: unknown, from: WsConnection): Promise<void> {
    const members = await this.rooms.members(roomId);
    this.#presence.broadcast(roomId, new Set(members.map((member) => member.id)), event, data, from);
  }
}
