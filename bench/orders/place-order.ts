import { IsInt, IsNumber, IsPositive, IsString, IsUUID, Length, Max, Min } from 'class-validator';

/** The four-field order of the message benchmark. */
export class PlaceOrder {
  @IsUUID()
  accountId!: string;

  @IsString()
  @Length(1, 12)
  symbol!: string;

  @IsInt()
  @Min(1)
  @Max(1_000_000)
  quantity!: number;

  @IsNumber()
  @IsPositive()
  price!: number;
}

/** The reply of every server: the order that it took. */
export interface OrderPlaced {
  readonly event: 'order.placed';
  readonly data: PlaceOrder;
}
