import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Summary } from '../report/events.ts';
import { rescueCopy } from './acts.ts';
import { claim, claimEqual } from './claims.ts';
import type { Stage } from './stage.ts';

/** What a person may look at afterwards, under names that fit on a line. */
export interface Keepsakes {
  readonly directory: string;
  /** The page of the rehearsal that was refused. */
  readonly page: string;
  /** The report on the release that was taken back. */
  readonly report: string;
  /** Of the state before the upgrade: the database and the uploads. */
  readonly rescue: string;
  /** The failed release, its logs, and the state it left. */
  readonly bundle: string;
}

/** Finds them where the reports say that they are, and links them into the directory. */
export function keep(
  stage: Stage, upgrade: Summary, broken: Summary,
): Keepsakes {
  const { directory } = stage;
  const page = join(directory, 'reports/act-3-rehearsal.html');
  claim(/REFUSED/i.test(readFileSync(page, 'utf8')), 'the page says that it was refused');
  const report = join(directory, 'reports/act-4.md');
  claim(/^## RESTORED/.test(readFileSync(report, 'utf8')), 'the report says what happened');
  const { database, uploads } = rescueCopy(upgrade);
  const rescue = join(directory, 'rescue-copy');
  mkdirSync(rescue);
  symlinkSync(dirname(database), join(rescue, 'database'));
  symlinkSync(uploads, join(rescue, 'uploads'));
  const bundle = join(directory, 'failed-bundle');
  symlinkSync(failedBundle(broken), bundle);
  return { directory, page, report, rescue, bundle };
}

function failedBundle(broken: Summary): string {
  const path = broken.places.find((it) => it.what === 'failed bundle')?.path ?? '';
  claim(existsSync(path), 'the report names the failed bundle', path);
  const release = readFileSync(join(path, 'release/package.json'), 'utf8');
  const version = /"version": "([^"]+)"/.exec(release)?.[1] ?? 'none';
  claimEqual(version, '3.0.0', 'the bundle has the release');
  const kept = readdirSync(path);
  claim(kept.includes('console.log') && kept.includes('journal'), 'the bundle has the logs');
  claim(kept.some((name) => name.startsWith('state-') && lstatSync(join(path, name)).isFile()),
    'the bundle has the database as the failed release left it', kept.join(', '));
  return path;
}
