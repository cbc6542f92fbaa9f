import { IsString, Matches } from 'class-validator';

/** A message that names a room and nothing else: `room.join`, `typing`. */
export class Room {
  @IsString()
  @Matches(/^[a-z0-9-]{1,32}$/)
  readonly roomId!: string;
}
