import { afterAll, beforeAll } from 'vitest';
import { conformance } from './conformance.ts';
import { postgresBench, roles } from './postgres-bench.ts';
import { PostgresServer } from './postgres-server.ts';

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
