/** The part of a connection that a room needs. */
export interface RoomConnection {
  readonly principal: { readonly id: string };
  readonly isOpen: boolean;
  send(event: string, data?: unknown): unknown;
}

/**
 * Which connections listen to which rooms, by their sockets: those are what Nest hands to `handleDisconnect`. In memory: it
 * ends with the connections themselves.
 */
export class RoomPresence {
  readonly #rooms = new Map<string, Map<object, RoomConnection>>();

  /** Lets a connection listen to a room. Joining twice is joining once. */
  join(roomId: string, client: object, connection: RoomConnection): void {
    // Its disconnect is past: nothing would ever take it out again.
    if (!connection.isOpen) return;
    const room = this.#rooms.get(roomId);
    if (room === undefined) this.#rooms.set(roomId, new Map([[client, connection]]));
    else room.set(client, connection);
  }

  /** Takes a connection out of all its rooms. */
  leaveAll(client: object): void {
    for (const [roomId, room] of this.#rooms) {
      room.delete(client);
      if (room.size === 0) this.#rooms.delete(roomId);
    }
  }

  /**
   * Sends to the listeners of a room who are still its members.
   *
   * @param memberIds - who is a member now: a listener who was put out since it joined hears nothing more.
   * @param except - the connection that caused it, which has its own reply.
   */
  broadcast(
    roomId: string,
    memberIds: ReadonlySet<string>,
    event: string,
    data: unknown,
    except: RoomConnection,
  ): void {
    for (const connection of this.#rooms.get(roomId)?.values() ?? []) {
      if (connection !== except && memberIds.has(connection.principal.id)) connection.send(event, data);
    }
  }
}
