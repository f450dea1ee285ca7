import { afterAll, beforeAll } from 'vitest';
import { conformance } from './conformance.ts';
import { postgresBench, roles } from './postgres-bench.ts';
import { PostgresServer, postgresPrograms } from './postgres-server.ts';

// Debian's psql is a program in Perl around the real one, and takes longer to start.
process.env.PATH = `${postgresPrograms()}:${process.env.PATH ?? ''}`;

let server: PostgresServer | undefined;
beforeAll(async () => {
  server = await PostgresServer.start();
  server.sql('postgres', roles);
});
afterAll(() => { server?.stop(); });

const running = (): PostgresServer => {
  if (server === undefined) throw new Error('the server was not started');
  return server;
};

conformance(postgresBench(running));
