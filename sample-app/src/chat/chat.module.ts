import { Module } from '@nestjs/common';
import { RoomsModule } from '../rooms/rooms.module.js';
import { ChatGateway } from './chat.gateway.js';
import { MessagesService } from './messages.service.js';

/** The chat itself. */
@Module({ imports: [RoomsModule], providers: [ChatGateway, MessagesService], exports: [MessagesService] })
export class ChatModule {}
