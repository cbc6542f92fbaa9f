import { IsString, Length, Matches } from 'class-validator';
import { Room } from './room.dto.js';

/** The longest message, in UTF-16 units. The table has the same limit. */
export const MAX_TEXT_LENGTH = 2000;

/** The data of `message.send`. */
export class SendMessage extends Room {
  /** Text, never markup: it is stored and passed on as it was typed, and pages show it as text. */
  @IsString()
  @Length(1, MAX_TEXT_LENGTH)
  @Matches(/\S/)
  // No control characters but tab and line feeds: PostgreSQL refuses NUL, and a terminal client obeys escape sequences.
  @Matches(/^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$/)
  readonly text!: string;
}
