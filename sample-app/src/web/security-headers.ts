import type { RequestHandler } from 'express';
import helmet from 'helmet';

/**
 * The security headers of every answer over HTTPS. `Content-Security-Policy` allows the app's own files and its own
 * WebSocket, nothing inline, and no string that becomes markup except through DOMPurify (Trusted Types).
 *
 * @param origins - the app's own origins.
 */
export function securityHeaders(origins: readonly string[]): RequestHandler {
  // Older browsers do not take 'self' to include the wss: form of the page's origin.
  const sockets = origins.map((origin) => origin.replace(/^https:/, 'wss:'));
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'", ...sockets],
        formAction: ["'none'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: ['dompurify'],
      },
    },
    // A browser ignores this while it does not trust the certificate (RFC 6797 section 8.1). No subdomains: the port is
    // not part of it, and other programs on localhost may be plain.
    strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: false },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
}
