import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';

/** What an order is for. */
export class Instrument {
  @IsString()
  @Length(1, 12)
  symbol!: string;

  @IsString()
  @Length(2, 10)
  exchange!: string;

  @IsIn(['EUR', 'GBP', 'USD'])
  currency!: string;
}

/** A payload with an object inside. */
export class InstrumentOrder {
  @IsUUID()
  accountId!: string;

  @ValidateNested()
  @Type(() => Instrument)
  instrument!: Instrument;

  @IsInt()
  @Min(1)
  @Max(1_000_000)
  quantity!: number;

  @IsOptional()
  @IsString()
  @Length(0, 200)
  note?: string;
}

/** One line of a {@link Basket}. */
export class BasketItem {
  @IsString()
  @Length(1, 12)
  symbol!: string;

  @IsInt()
  @Min(1)
  @Max(1_000)
  quantity!: number;
}

/** A payload with a list of objects inside. */
export class Basket {
  @IsUUID()
  accountId!: string;

  @IsArray()
  @ArrayMaxSize(50)
  @ValidateNested({ each: true })
  @Type(() => BasketItem)
  items!: BasketItem[];
}
