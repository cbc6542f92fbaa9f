import { createRequire } from 'node:module';
import { useServer } from 'graphql-ws/use/ws';
import type { NotesApp, User } from './notes-app.js';
import type { Speaker } from './speaker.js';

// As graphql-ws loads it: Vite would take another build of it, and one does not know the schemas of the other.
const { execute, GraphQLError, GraphQLInt, GraphQLObjectType, GraphQLSchema, GraphQLString, parse, validate } =
  createRequire(import.meta.url)('graphql') as typeof import('graphql');

/** Who asks, on which connection. */
interface Asker {
  readonly app: NotesApp;
  readonly user: User;
}

const field = (event: string): object => ({
  type: GraphQLString,
  args: { noteId: { type: GraphQLInt } },
  resolve: (_: unknown, __: unknown, { app, user }: Asker) => {
    const outcome = app.ask(user, event);
    if ('data' in outcome) return JSON.stringify(outcome.data);
    // What Apollo Server 3 did by itself, outside of production.
    const { stack } = new Error(outcome.code);
    throw new GraphQLError(outcome.code, { extensions: app.has('stack-trace') ? { exception: { stacktrace: stack } } : {} });
  },
}); // prettier-ignore

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: {
      noteList: field('note.list'),
      noteRead: field('note.read'),
      notePurge: field('note.purge'),
    } as ConstructorParameters<typeof GraphQLObjectType>[0]['fields'],
  }),
});

const queries = ['{ noteList }', '{ noteRead(noteId: 7) }', '{ notePurge }'];
const asking = (type: string): readonly string[] =>
  queries.map((query, id) => JSON.stringify({ id: String(id), type, payload: { query } }));

const tokenOf = (payload: Readonly<Record<string, unknown>> = {}): unknown => payload['authToken'];

/** graphql-ws itself. */
export const graphqlWs: Speaker = {
  subprotocols: ['graphql-transport-ws'],
  messages: asking('subscribe'),
  attach(sockets, newApp) {
    useServer<Record<string, unknown>, { asker?: Asker }>(
      {
        schema,
        onConnect({ connectionParams, extra }) {
          const app = newApp();
          const user = app.login(tokenOf(connectionParams));
          if (user === undefined) return false;
          extra.asker = { app, user };
          return true;
        },
        context: ({ extra }) => extra.asker ?? {},
      },
      sockets,
    );
    return undefined;
  },
};

/** The protocol that came before it, of which npm has no server that is maintained: by its PROTOCOL.md. */
export const subscriptionsTransportWs: Speaker = {
  subprotocols: ['graphql-ws'],
  messages: asking('start'),
  serve(client, app) {
    let user: User | undefined;
    const say = (message: object): void => client.send(JSON.stringify(message));
    const start = async (id: unknown, query: string): Promise<void> => {
      const document = parse(query);
      const errors = validate(schema, document);
      const result = errors.length > 0 ? { errors } : await execute({ schema, document, contextValue: { app, user } });
      say({ id, type: 'data', payload: result });
      say({ id, type: 'complete' });
    };
    client.on('message', (data: Buffer) => {
      try {
        const { id, type, payload } = JSON.parse(data.toString()) as { id: unknown; type: unknown; payload: { query: string } & Record<string, unknown> }; // prettier-ignore
        if (type === 'connection_init') {
          user = app.login(tokenOf(payload));
          if (user === undefined) {
            say({ type: 'connection_error', payload: { message: 'Unauthorized' } });
            client.close(1011);
            return;
          }
          say({ type: 'connection_ack' });
          say({ type: 'ka' });
        } else if (type === 'start' && user !== undefined) {
          start(id, payload.query).catch((error: unknown) => say({ id, type: 'error', payload: { message: app.broken(error) } }));
        } else say({ id, type: 'error', payload: { message: 'BAD_MESSAGE' } });
      } catch (error) {
        say({ type: 'error', payload: { message: app.broken(error) } });
      }
    }); // prettier-ignore
  },
};
