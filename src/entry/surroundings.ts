import { hostname, userInfo } from 'node:os';

/** A reader that went away (`| head`) must not end the watch: the host would miss its watcher. */
export function ignoreLostReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** For the lock and the records: `deploy@build-7`. */
export function whoActs(): string {
  return `${userName()}@${hostname()}`;
}

/** A container may run as a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
