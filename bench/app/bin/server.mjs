// The daemon of every peer: tells its version, and nothing to users while maintenance is on.
// Arguments: directory of the release. Environment: PORT. Writes run/app.pid when it listens.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const release = process.argv[2];
const version = readFileSync(join(release, 'VERSION'), 'utf8').trim();
const closed = join(release, 'run/closed');

const server = createServer((request, reply) => {
  const out = request.url === '/' && existsSync(closed);
  reply.writeHead(out ? 503 : 200, { 'content-type': 'text/plain', connection: 'close' });
  reply.end(`${version}\n`);
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => {
  writeFileSync(join(release, 'run/app.pid'), `${process.pid}\n`);
});
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
