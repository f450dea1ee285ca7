import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeBox, runIn, temporary, type Box, type Ran, type Shell }
  from '../transaction/sandbox.ts';

/** A place for one state, and its verbs in a shell. */
export interface Scene {
  readonly box: Box;
  readonly path: string;
  readonly verb: (text: string, more?: { readonly path?: string }) => Promise<Ran>;
}

export function scene(shell: Shell, name: string): Scene {
  const box = makeBox(join(temporary(), 'box'));
  return {
    box, path: join(box.root, 'live', name),
    verb: async (text, more = {}) => {
      rmSync(join(box.runDirectory, 'why'), { force: true });
      return await runIn(box, { shell,
        text: `SCRATCH=$RUN_DIR/scratch; mkdir -p "$SCRATCH"\n${text}`,
        ...(more.path === undefined ? {} : { path: more.path }) });
    },
  };
}

/** A process that does this, says so, and stays. */
export async function holding(program: string, ...words: readonly string[]): Promise<ChildProcess> {
  const child = spawn('python3', ['-c', `${program}\nprint(flush=True)\nimport time\n` +
    'time.sleep(60)', ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  return child;
}
