import { ConnectedSocket, MessageBody } from '@nestjs/websockets';
import { type ParameterMetadata, parametersOf } from './metadata.js';

/** What Nest passes to a handler without parameter decorators: the client, then the data. */
class Undecorated {
  method(@ConnectedSocket() _client: unknown, @MessageBody() _data: unknown): void {}
}

/** The parameters that Nest fills when it calls a handler, by the keys under which it keeps them. */
export function callParametersOf(type: object, methodName: string): Readonly<Record<string, ParameterMetadata>> {
  return parametersOf(type, methodName) ?? parametersOf(Undecorated, 'method') ?? {};
}
