import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { specOf } from '../../src/state/spec.ts';
import type { CommandState } from '../../src/config/config.ts';
import type { Box } from '../transaction/sandbox.ts';
import { countingWriter, type Bench, type Site, type Writer } from './bench.ts';

const user = (run: string, timeoutSeconds = 20): CommandState['copy'] =>
  ({ run, user: undefined, timeoutSeconds });

/** A state that only its own commands understand: here, a directory behind a lock. */
export function lockedState(live: string): CommandState {
  const lock = `flock '${live}.lock'`;
  return {
    kind: 'command', name: 'queue', copyFrom: { kind: 'live' },
    copy: user(`test -d '${live}' && ${lock} cp -a '${live}' {copy}/queue && date >{copy}/made`),
    verify: user('test -s {copy}/made && test -d {copy}/queue'),
    restore: user(`rm -rf '${live}' &&
if test -e {copy}/made; then cp -a {copy}/queue '${live}'; fi`),
    describe: user(`cd {copy}/queue &&
for file in *; do printf "%s\\t%s\\n" "$file" "$(cat "$file")"; done`),
  };
}

class CommandSite implements Site {
  readonly spec: string;
  private readonly live: string;
  private readonly box: Box;

  constructor(box: Box) {
    this.box = box;
    this.live = join(box.root, 'live', 'the queue');
    this.spec = specOf(lockedState(this.live));
  }

  fill(): void {
    mkdirSync(this.live, { recursive: true });
    writeFileSync(join(this.live, 'one'), 'the first');
    writeFileSync(join(this.live, 'two'), 'the second');
    writeFileSync(join(this.live, 'a'), '0');
    writeFileSync(join(this.live, 'b'), '0');
  }

  read(): string { return readAll(this.live); }

  spoil(): void {
    writeFileSync(join(this.live, 'one'), `${this.read().length} characters`);
    writeFileSync(join(this.live, 'new'), 'new');
  }

  startWriting(): Writer {
    const loop = spawn('sh', ['-c', `n=0; while :; do n=$((n + 1));
flock '${this.live}.lock' sh -c "for part in a b; do sleep 0.01; echo $n >'${this.live}.part'
mv '${this.live}.part' '${this.live}/'\\$part; done"
echo $n; done`], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    const writer = countingWriter(loop);
    return {
      reached: writer.reached,
      stop: async () => {
        process.kill(-(loop.pid ?? 0), 'SIGTERM');
        await writer.ended();
        writeFileSync(join(this.live, 'b'), readFileSync(join(this.live, 'a')));
        return this.units();
      },
    };
  }

  units(): number {
    const [a, b] = ['a', 'b'].map((it) => Number(readFileSync(join(this.live, it), 'utf8')));
    if (a === undefined || a !== b) throw new Error(`torn: ${a} and ${b}`);
    return a;
  }

  aside(): string {
    return readAll(join(this.box.base, '.seatrial-fake', 'before-queue', 'queue'));
  }

  close(): void { /* all of it is in the box */ }
}

function readAll(directory: string): string {
  if (!existsSync(directory)) return '';
  return readdirSync(directory).sort()
    .map((it) => `${it}: ${readFileSync(join(directory, it), 'utf8')}`).join('\n');
}

export const commandBench: Bench = {
  kind: 'command', dropsPlaces: false, copiesLive: true, programs: [],
  site: (box: Box) => new CommandSite(box),
};
