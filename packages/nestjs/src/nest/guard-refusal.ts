/**
 * The text of the `WsException` that Nest throws where a guard answered `false`: `FORBIDDEN_MESSAGE` of `@nestjs/core`,
 * which its index does not export. If Nest changes it, a guard's refusal is answered `APPLICATION` in place of `FORBIDDEN`.
 */
export const FORBIDDEN_MESSAGE = 'Forbidden resource';
