import { IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import { OPERATOR_ACTIONS, type OperatorAction } from '../events/catalogue/operator-events.js';

/** How connections are ordered. */
export type ConnectionOrder = 'newest' | 'oldest' | 'busiest';

/** The most rows of a page. */
export const MAX_ROWS = 100;

/** The longest reason, in characters: what stands in an event. */
export const MAX_REASON = 200;

/** A year, in minutes. */
const MAX_MINUTES = 527_040;

/** Asks for a page of the connections. */
export class ListConnections {
  @IsInt()
  @Min(0)
  @Max(10_000_000)
  offset!: number;

  @IsInt()
  @Min(1)
  @Max(MAX_ROWS)
  limit!: number;

  @IsIn(['newest', 'oldest', 'busiest'])
  order!: ConnectionOrder;

  /** A connection's id, a path, the beginning of an address, or a part of who it is. */
  @IsOptional()
  @IsString()
  @Length(0, 200)
  search?: string;
}

/** Says what an operator means to do. */
export class PrepareAction {
  @IsIn(OPERATOR_ACTIONS)
  action!: OperatorAction;

  /** Of all but `drain` and `unban`: the connection that is meant, or whose principal is. */
  @IsOptional()
  @Matches(/^[\w-]{1,64}$/)
  connectionId?: string;

  /** Of `unban`: the number of the ban. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  banNumber?: number;

  /** Of `ban`: how long. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_MINUTES)
  minutes?: number;

  /** Why. It stands in the audit. */
  @Matches(/\S.{0,198}\S/su, { message: 'reason must be at least two characters' })
  @IsString()
  @Length(2, MAX_REASON)
  reason!: string;
}

/** Does what was prepared. */
export class ConfirmAction {
  @Matches(/^[\w-]{22}$/)
  confirmation!: string;
}
