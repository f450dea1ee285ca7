// A distant host: a TCP relay that carries each direction DELAY ms later, with constant memory.
// Arguments: TARGET-PORT DELAY-MS. Prints its own port; ends with its standard input.
import { connect, createServer } from 'node:net';

const [targetPort, delayMs] = process.argv.slice(2).map(Number);
/** Bytes on their way in one direction; the throughput is this much in each round trip. */
const windowBytesMax = 4 * 1024 * 1024;

function carry(source, sink) {
  const queue = [];
  let queuedBytes = 0;
  let timer;
  const deliver = () => {
    timer = undefined;
    while (queue.length > 0 && queue[0].due <= performance.now()) {
      const { bytes } = queue.shift();
      if (sink.destroyed) return;
      if (bytes === undefined) { sink.end(); return; }
      queuedBytes -= bytes.length;
      if (!sink.write(bytes)) { sink.once('drain', deliver); return; }
    }
    if (queuedBytes < windowBytesMax) source.resume();
    if (queue.length > 0) timer ??= setTimeout(deliver, queue[0].due - performance.now());
  };
  const push = (bytes) => {
    queue.push({ due: performance.now() + delayMs, bytes });
    queuedBytes += bytes?.length ?? 0;
    if (queuedBytes >= windowBytesMax) source.pause();
    timer ??= setTimeout(deliver, queue[0].due - performance.now());
  };
  source.on('data', push);
  source.on('end', () => push(undefined));
  source.on('error', () => setTimeout(() => sink.destroy(), delayMs));
}

const common = { allowHalfOpen: true, noDelay: true };
const server = createServer({ ...common, pauseOnConnect: true }, (near) => {
  // The caller is connected at once; the target hears of it when the third packet of a real
  // handshake would have come.
  setTimeout(() => {
    const far = connect({ ...common, port: targetPort, host: '127.0.0.1' });
    carry(near, far);
    carry(far, near);
    near.resume();
  }, 3 * delayMs);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume().once('end', () => process.exit());
