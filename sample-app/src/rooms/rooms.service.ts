import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** A room in the list of one person. */
export interface ListedRoom {
  readonly id: string;
  readonly name: string;
  /** Whether this person may enter it. */
  readonly member: boolean;
}

/** One person's place in one room: what the policy grants and the handlers work with. */
export interface Membership {
  readonly roomId: string;
  readonly roomName: string;
  /** May hold simple markup: whoever shows it as HTML must sanitise it. */
  readonly topic: string;
  readonly userId: string;
  readonly userName: string;
}

/** Somebody who is in a room. */
export interface Member {
  readonly id: string;
  readonly name: string;
}

interface MembershipRow {
  readonly room_id: string;
  readonly room_name: string;
  readonly topic: string;
  readonly user_id: string;
  readonly user_name: string;
}

/** Rooms and who may enter them. */
@Injectable()
export class RoomsService {
  constructor(private readonly database: Database) {}

  /** Adds a room. `topic` may hold simple markup. */
  async create(id: string, name: string, topic: string, position: number): Promise<void> {
    await this.database.query('INSERT INTO rooms (id, name, topic, position) VALUES ($1, $2, $3, $4)', [
      id,
      name,
      topic,
      position,
    ]);
  }

  /** Lets a person into a room. */
  async addMember(roomId: string, userId: string): Promise<void> {
    await this.database.query('INSERT INTO memberships (room_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      roomId,
      userId,
    ]);
  }

  /** Puts a person out of a room. */
  async removeMember(roomId: string, userId: string): Promise<void> {
    await this.database.query('DELETE FROM memberships WHERE room_id = $1 AND user_id = $2', [roomId, userId]);
  }

  /** All rooms, by name only, with whether this person may enter. */
  async listFor(userId: string): Promise<ListedRoom[]> {
    return this.database.query<ListedRoom>(
      `SELECT rooms.id, rooms.name, (memberships.user_id IS NOT NULL) AS member
         FROM rooms LEFT JOIN memberships ON memberships.room_id = rooms.id AND memberships.user_id = $1
        ORDER BY rooms.position, rooms.id`,
      [userId],
    );
  }

  /** A person's place in a room, or `undefined`: the same for a room that is not theirs and one that is not there. */
  async membership(roomId: string, userId: string): Promise<Membership | undefined> {
    const [row] = await this.database.query<MembershipRow>(
      `SELECT rooms.id AS room_id, rooms.name AS room_name, rooms.topic, users.id AS user_id,
              users.display_name AS user_name
         FROM memberships
         JOIN rooms ON rooms.id = memberships.room_id
         JOIN users ON users.id = memberships.user_id
        WHERE memberships.room_id = $1 AND memberships.user_id = $2`,
      [roomId, userId],
    );
    if (row === undefined) return undefined;
    return {
      roomId: row.room_id,
      roomName: row.room_name,
      topic: row.topic,
      userId: row.user_id,
      userName: row.user_name,
    };
  }

  /** Everybody who may enter a room, by name. */
  async members(roomId: string): Promise<Member[]> {
    return this.database.query<Member>(
      `SELECT users.id, users.display_name AS name
         FROM memberships JOIN users ON users.id = memberships.user_id
        WHERE memberships.room_id = $1
        ORDER BY users.display_name, users.id`,
      [roomId],
    );
  }
}
