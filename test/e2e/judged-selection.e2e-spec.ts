import { type PipeTransform, UsePipes, ValidationPipe } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsPayload } from '@secure-ws/nestjs';
import { Expose, Type } from 'class-transformer';
import { IsOptional, IsString, IsUUID, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

class Author {
  @IsString({ groups: ['create'] })
  name!: string;

  @IsUUID('4', { groups: ['update'] })
  id!: string;
}

class Note extends Author {
  @IsOptional()
  @ValidateNested()
  @Type(() => Author)
  author?: Author;

  @IsOptional()
  @IsString()
  text?: string;
}

class Versioned {
  @IsString()
  name!: string;

  @Expose({ since: 2 })
  @IsString()
  since2!: string;
}

/** Gives what it was given: it only looks. */
const looking: PipeTransform = { transform: (value: unknown) => value };

/** Makes another value of what the client has sent. */
const spoiling: PipeTransform = {
  transform: (value: Record<string, unknown>) => Object.assign(value, { [String(value['name'])]: 7 }),
};

const validating = new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true });

const open = async (front: PipeTransform) => {
  // On the class: Nest 11 runs no global pipes on gateways.
  @UsePipes(front, validating)
  @WebSocketGateway({ path: '/notes' })
  @WsAuthorize()
  class NotesGateway {
    @WsPayload(Note, { groups: ['create'] })
    @SubscribeMessage('create')
    create(@MessageBody() note: Note): object {
      return { name: note.name };
    }

    @WsPayload(Versioned, { version: 1 })
    @SubscribeMessage('first')
    first(@MessageBody() { name }: Versioned): object {
      return { name };
    }
  }
  const { url, token } = await startApp({ providers: [NotesGateway] });
  return connect(`${url}/notes`, { token: token() });
};

describe('a ValidationPipe behind another pipe', () => {
  it.each([
    ['groups', 'create', { name: 'x', text: 'y' }],
    ['groups of what lies in it', 'create', { name: 'x', author: { name: 'z' } }],
    ['a version', 'first', { name: 'x' }],
  ])('MV-03 judges by the selection of the payload: %s', async (_what, event, payload) => {
    const client = await open(looking);
    expect(await client.request(event, payload)).toMatchObject({ event, data: { name: 'x' } });
  });

  it.each([
    ['a rule of the group', 'create', { name: 'name' }],
    ['a rule of no group', 'create', { name: 'text' }],
    ['a property of another group', 'create', { name: 'id' }],
    ['a property of another version', 'first', { name: 'since2' }],
    ['a property that is not declared', 'create', { name: 'other' }],
  ])('MV-03 refuses what the pipe in front has broken: %s', async (_what, event, payload) => {
    const client = await open(spoiling);
    expectError(await client.request(event, payload), 'VALIDATION_FAILED');
  });
});
