import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SecureGateway, WsAuthorize, WsBinary, WsBytes, WsPayload } from '@secure-ws/nestjs';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Length,
  Max,
  Min,
  validateSync,
  ValidateNested,
} from 'class-validator';

class Line {
  @IsString()
  @Length(1, 8)
  symbol!: string;

  @IsInt()
  @Min(1)
  @Max(1000)
  quantity!: number;
}

class Order {
  @IsIn(['buy', 'sell'])
  side!: string;

  @IsOptional()
  @IsNumber()
  price?: number;

  @IsArray()
  @ArrayMaxSize(3)
  @ValidateNested({ each: true })
  @Type(() => Line)
  lines!: Line[];

  @IsOptional()
  @IsBoolean()
  now?: boolean;
}

const STRICT = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true };
const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

/** A gateway that looks at what it gets as if nobody had looked before. */
@SecureGateway({
  subprotocols: ['msgpack.v1', 'cbor.v1'],
  limits: {
    maxMessageBytes: 4096,
    connection: [{ limit: 1_000_000, ttl: 1000 }],
    connectionBytesPerSecond: 100_000_000,
  },
})
@WebSocketGateway({ path: '/fuzz' })
@WsAuthorize()
export class FuzzedGateway {
  /** What should not have come. */
  readonly invalid: string[] = [];
  /** How often each handler ran. */
  readonly handled: Record<string, number> = { order: 0, upload: 0, text: 0, nothing: 0 };

  @SubscribeMessage('order')
  order(@MessageBody() order: Order): boolean {
    const problems = order instanceof Order ? validateSync(order, STRICT) : ['no Order'];
    return this.#take('order', order, problems.length === 0 && order.lines.every((line) => line instanceof Line));
  }

  @WsBinary({ maxBytes: 64, magic: ['png'] })
  @SubscribeMessage('upload')
  upload(@MessageBody() line: Line, @WsBytes() bytes: Buffer): boolean {
    const isWhole = Buffer.isBuffer(bytes) && bytes.length <= 64 && bytes.subarray(0, 8).equals(PNG);
    const isOwn = isWhole && bytes.buffer.byteLength === bytes.length;
    return this.#take('upload', line, isOwn && line instanceof Line && validateSync(line, STRICT).length === 0);
  }

  @WsPayload(String)
  @SubscribeMessage('text')
  text(@MessageBody() text: string): boolean {
    return this.#take('text', text, typeof text === 'string');
  }

  @SubscribeMessage('nothing')
  nothing(...args: unknown[]): boolean {
    return this.#take('nothing', undefined, args[1] === undefined);
  }

  #take(event: string, data: unknown, isValid: boolean): boolean {
    this.handled[event] = (this.handled[event] ?? 0) + 1;
    if (!isValid || !isClean(data)) this.invalid.push(`${event}: ${JSON.stringify(data)}`);
    return true;
  }
}

/** Whether a value has nothing in it that no JSON text may bring. */
function isClean(value: unknown): boolean {
  if (typeof value === 'string') return !/\p{Cs}|\0/u.test(value);
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return typeof value !== 'bigint' && typeof value !== 'function';
  const names = Object.getOwnPropertyNames(value);
  return (
    !names.some((name) => ['__proto__', 'constructor', 'prototype'].includes(name)) &&
    names.every((name) => isClean((value as Record<string, unknown>)[name]))
  );
}
