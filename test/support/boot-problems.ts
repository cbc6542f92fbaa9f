import { type BootProblem, SecureWsBootError } from '@secure-ws/nestjs';
import { type AppShape, bootFailure } from './start-app.js';

/** The problems of an application that must not boot. @throws whatever else stopped the boot. */
export async function bootProblems(shape: AppShape): Promise<readonly BootProblem[]> {
  const error = await bootFailure(shape);
  if (!(error instanceof SecureWsBootError)) throw error;
  return error.problems;
}
