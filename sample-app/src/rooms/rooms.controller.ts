import { Controller, Get, Header, Req, UnauthorizedException, UseGuards } from '@nestjs/common';
import type { Request } from 'express';
import { SessionsService } from '../accounts/sessions.service.js';
import { SameOriginGuard } from '../web/same-origin.guard.js';
import { RoomsService, type ListedRoom } from './rooms.service.js';

/** The list of rooms. */
@Controller('api/rooms')
@UseGuards(SameOriginGuard)
export class RoomsController {
  constructor(
    private readonly rooms: RoomsService,
    private readonly sessions: SessionsService,
  ) {}

  /** All rooms, with whether the logged-in person may enter. */
  @Get()
  @Header('Cache-Control', 'no-store')
  async list(@Req() request: Request): Promise<ListedRoom[]> {
    const session = await this.sessions.find(request.headers.cookie);
    if (session === undefined) throw new UnauthorizedException('Please log in.');
    return this.rooms.listFor(session.account.id);
  }
}
