import { createServer } from 'node:net';

/** Of 127.0.0.1; free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => { resolve(typeof address === 'object' ? address?.port ?? 0 : 0); });
    });
  });
}
