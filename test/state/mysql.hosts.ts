import { afterAll, beforeAll } from 'vitest';
import { conformance } from './conformance.ts';
import { MariadbServer } from './mariadb-server.ts';
import { mysqlBench } from './mysql-bench.ts';

let server: MariadbServer | undefined;
beforeAll(async () => { server = await MariadbServer.start(); });
afterAll(async () => { await server?.stop(); });

const running = (): MariadbServer => {
  if (server === undefined) throw new Error('the server was not started');
  return server;
};

// Tables that no transaction covers can be rescued, where nobody writes, and not be copied.
conformance(mysqlBench(running, { loose: true }), { without: ['copy', 'look', 'crash', 'forget'] });
conformance(mysqlBench(running), { without: ['rescue', 'crash', 'bring'] });
