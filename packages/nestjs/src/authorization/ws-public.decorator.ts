import { SetMetadata } from '@nestjs/common';

/** Metadata key of {@link WsPublic}. */
export const WS_PUBLIC_METADATA = 'secure-ws:public';

/**
 * Says that this event, or each event of this gateway, needs no identity.
 *
 * The boot refuses it under a class that asks for an identity, and on a gateway without anonymous access.
 */
export const WsPublic = (): ClassDecorator & MethodDecorator => SetMetadata(WS_PUBLIC_METADATA, true);
