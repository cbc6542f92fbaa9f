import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { OwnRows } from './own-rows.policy.js';
import { RoomMember } from './room-member.policy.js';
import { RoomsController } from './rooms.controller.js';
import { RoomsService } from './rooms.service.js';

/** Rooms and who may enter them. */
@Module({
  imports: [AccountsModule],
  controllers: [RoomsController],
  providers: [RoomsService, RoomMember, OwnRows],
  exports: [RoomsService, RoomMember, OwnRows],
})
export class RoomsModule {}
