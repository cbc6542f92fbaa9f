import { IsOptional, IsString, Length, Matches } from 'class-validator';

/** The body of `POST /api/login`. */
export class LogIn {
  @IsString()
  @Matches(/^[a-z0-9-]{2,32}$/)
  readonly username!: string;

  // The upper bound keeps a megabyte of "password" from being normalised and hashed.
  @IsString()
  @Length(1, 128)
  readonly password!: string;

  /** The proof of work, where it was asked for. */
  @IsOptional()
  @IsString()
  @Length(1, 4096)
  readonly solution?: string;
}
