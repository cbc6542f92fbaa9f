import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { Room } from './room.dto.js';

/** The data of `message.history`. */
export class ReadHistory extends Room {
  /** Only messages older than the one with this id; the newest without it. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(2 ** 31 - 1)
  readonly before?: number;
}
