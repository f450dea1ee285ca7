import { readFileSync } from 'node:fs';
import type { StateKind } from './spec.ts';

/** Written out one by one: the bundler finds a file only by its whole name. */
const files: Readonly<Record<StateKind | 'base', readonly URL[]>> = {
  base: [new URL('./kinds/base.sh', import.meta.url)],
  directory: [
    new URL('./kinds/directory.sh', import.meta.url),
    new URL('./kinds/directory-copy.sh', import.meta.url),
    new URL('./kinds/directory-receive.sh', import.meta.url),
    new URL('./kinds/directory-look.sh', import.meta.url),
  ],
  sqlite: [
    new URL('./kinds/sqlite.sh', import.meta.url),
    new URL('./kinds/sqlite-copy.sh', import.meta.url),
    new URL('./kinds/sqlite-receive.sh', import.meta.url),
    new URL('./kinds/sqlite-look.sh', import.meta.url),
  ],
  postgres: [
    new URL('./kinds/postgres.sh', import.meta.url),
    new URL('./kinds/postgres-rescue.sh', import.meta.url),
    new URL('./kinds/postgres-copy.sh', import.meta.url),
    new URL('./kinds/postgres-look.sh', import.meta.url),
    new URL('./kinds/postgres-objects.sh', import.meta.url),
    new URL('./kinds/postgres-probe.sh', import.meta.url),
  ],
  mysql: [
    new URL('./kinds/mysql.sh', import.meta.url),
    new URL('./kinds/mysql-dump.sh', import.meta.url),
    new URL('./kinds/mysql-rescue.sh', import.meta.url),
    new URL('./kinds/mysql-copy.sh', import.meta.url),
    new URL('./kinds/mysql-look.sh', import.meta.url),
    new URL('./kinds/mysql-probe.sh', import.meta.url),
  ],
  zodb: [
    new URL('./kinds/zodb.sh', import.meta.url),
    new URL('./kinds/zodb-read.sh', import.meta.url),
    new URL('./kinds/zodb-copy.sh', import.meta.url),
    new URL('./kinds/zodb-look.sh', import.meta.url),
  ],
  command: [new URL('./kinds/command.sh', import.meta.url)],
};

/** The verbs of the kinds as shell text, what they share first. */
export function stateText(kinds: readonly StateKind[]): string {
  return (['base', ...kinds] as const).flatMap((kind) => files[kind]).map((file) =>
    readFileSync(file, 'utf8').replace(/^# shellcheck shell=sh.*\n/, '')).join('\n');
}
