import { Denial, Grant } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { RoomMember } from './room-member.policy.js';
import type { Membership, RoomsService } from './rooms.service.js';

const MEMBERSHIP: Membership = { roomId: 'general', roomName: 'General', topic: '', userId: 'u1', userName: 'Alice' };

async function decide(roomId: string, userId: string): Promise<unknown> {
  const rooms: Pick<RoomsService, 'membership'> = {
    membership: (room, user) => Promise.resolve(room === 'general' && user === 'u1' ? MEMBERSHIP : undefined),
  };
  const policy = new RoomMember(rooms as RoomsService);
  return policy.authorize({ data: { roomId }, principal: { id: userId } } as Parameters<RoomMember['authorize']>[0]);
}

describe('RoomMember', () => {
  it('AZ-04 grants a member the membership that it found', async () => {
    const decision = await decide('general', 'u1');
    expect(decision).toBeInstanceOf(Grant);
    expect(decision).toMatchObject({ resource: MEMBERSHIP });
  });

  it.each([
    ['a room of others', 'general', 'u2'],
    ['a room that is not there', 'attic', 'u1'],
  ])('AZ-04 denies %s', async (_, roomId, userId) => {
    expect(await decide(roomId, userId)).toBeInstanceOf(Denial);
  });
});
