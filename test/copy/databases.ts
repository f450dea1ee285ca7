import { spawnSync } from 'node:child_process';

const program = `
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2].split(";"):
    for row in c.execute(statement): print(*row, sep="|")`;

/** What the statements print, a row a line. */
export function sqlite(path: string, text: string): string {
  const ran = spawnSync('python3', ['-c', program, path, text], { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(ran.stderr);
  return ran.stdout;
}
