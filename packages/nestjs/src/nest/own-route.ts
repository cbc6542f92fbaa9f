import { SetMetadata } from '@nestjs/common';

/** Which option of this package, or function, names the path of a controller. */
export const OWN_ROUTE = Symbol('secure-ws:own-route');

/** Marks a controller that this package makes. @param option where its path is written. */
export const OwnRoute = (option: string): ClassDecorator => SetMetadata(OWN_ROUTE, option);
