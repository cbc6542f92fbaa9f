import { Injectable } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { deny, grant, WsAuthorize, type WsPolicy, type WsPolicyContext, WsResource } from '@secure-ws/nestjs';
import { IsString, Matches } from 'class-validator';

/** Names one note. */
export class NoteId {
  @IsString()
  @Matches(/^[a-z0-9-]{1,32}$/)
  noteId!: string;
}

/** A note of one user. */
export interface Note {
  readonly id: string;
  ownerId: string;
  readonly text: string;
}

/** Where the notes lie. */
@Injectable()
export class Notes {
  readonly all = new Map<string, Note>([
    ['alices', { id: 'alices', ownerId: 'alice', text: 'of alice' }],
    ['bobs', { id: 'bobs', ownerId: 'bob', text: 'of bob' }],
  ]);
}

/** Grants a note to its owner. Counts how often it was asked, and for what. */
@Injectable()
export class NoteOwner implements WsPolicy<NoteId, Note> {
  readonly asked: string[] = [];

  constructor(private readonly notes: Notes) {}

  async authorize({ data, principal }: WsPolicyContext<NoteId>) {
    this.asked.push(data.noteId);
    const note = await Promise.resolve(this.notes.all.get(data.noteId));
    return note?.ownerId === principal.id ? grant(note) : deny();
  }
}

/** A gateway with an ownership policy, roles and scopes. */
@WebSocketGateway({ path: '/notes' })
export class NotesGateway {
  readonly handled: string[] = [];

  @WsAuthorize(NoteOwner)
  @SubscribeMessage('note.read')
  read(@MessageBody() _: NoteId, @WsResource() note: Note): { text: string } {
    this.handled.push('note.read');
    return { text: note.text };
  }

  @WsAuthorize({ roles: ['admin'] })
  @SubscribeMessage('note.purge')
  purge(): { purged: boolean } {
    this.handled.push('note.purge');
    return { purged: true };
  }

  @WsAuthorize({ scopes: ['notes:count'] })
  @SubscribeMessage('note.count')
  count(): { count: number } {
    this.handled.push('note.count');
    return { count: 2 };
  }
}

/** Everything that a module needs to provide for {@link NotesGateway}. */
export const NOTES_PROVIDERS = [Notes, NoteOwner, NotesGateway] as const;
