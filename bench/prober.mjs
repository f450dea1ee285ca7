// A user: asks every 20 ms, each time on a new connection. Arguments: PORT. When its standard input
// ends it prints what it saw, as JSON: `[ms since 1970, answered 200]` of each question.
import { get } from 'node:http';

const everyMs = 20;
const timeoutMs = 1000;
const port = Number(process.argv[2]);
const seen = [];

function ask() {
  const probe = [Date.now(), false];
  seen.push(probe);
  const request = get({ host: '127.0.0.1', port, path: '/', agent: false }, (reply) => {
    reply.resume().once('end', () => { probe[1] = reply.statusCode === 200; });
    reply.on('error', () => undefined);
  });
  request.setTimeout(timeoutMs, () => request.destroy());
  request.on('error', () => undefined);
}

const timer = setInterval(ask, everyMs);
console.log('ready');
process.stdin.resume().once('end', () => {
  clearInterval(timer);
  setTimeout(() => {
    console.log(JSON.stringify(seen));
    process.exit();
  }, 100);
});
