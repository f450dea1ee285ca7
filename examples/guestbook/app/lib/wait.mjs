import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

// wait.mjs PID SECONDS: exit 0 once process PID itself answers on HOST:PORT, 1 when it ended or the
// time is over. Another program on the port does not count.
const [pid, seconds] = process.argv.slice(2);
const host = process.env.HOST === '0.0.0.0' ? '127.0.0.1' : process.env.HOST;
const url = `http://${host}:${process.env.PORT}/health`;
const pollMs = 50;
const deadline = Date.now() + Number(seconds) * 1000;

async function answers() {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    await response.arrayBuffer();
    return response.ok && response.headers.get('guestbook-pid') === pid;
  } catch {
    return false;
  }
}

/** A zombie has an empty command line: it has ended too. */
function lives() {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

let up = await answers();
while (!up && lives() && Date.now() < deadline) {
  await sleep(pollMs);
  up = await answers();
}
process.exitCode = up ? 0 : 1;
