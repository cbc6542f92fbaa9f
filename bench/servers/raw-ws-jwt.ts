// Raw `ws` that verifies a token in verifyClient: the least that an authenticated server does before the 101.
// JwtService.verify is jsonwebtoken's verify with the options filled in.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { serve } from '../measure/serve.js';
import { verifyHeader } from '../orders/identity.js';

const server = createServer();
new WebSocketServer({
  server,
  path: '/orders',
  verifyClient: ({ req }, done) => {
    try {
      verifyHeader(req.headers.authorization);
      done(true);
    } catch {
      done(false, 401);
    }
  },
});

server.listen(0, '127.0.0.1', () => serve(server));
