import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rescuePlace } from '../../src/state/rescue-place.ts';

const kinds = resolve(import.meta.dirname, '../../src/state/kinds');
const place = (kind: string, spec: string): string => rescuePlace({ kind, spec, label: 'state1',
  application: 'book', records: '/var/lib/seatrial/book', run: '20260101T000000Z-000001' });

describe('where a rescue copy is, for who looks for it', () => {
  it.each([
    ['sqlite', '/srv/book/data.sqlite', '/srv/book'],
    ['directory', 'path=/srv/book/uploads\texclude=cache', '/srv/book'],
    ['zodb', 'path=/srv/book/Data.fs\tblobs=/srv/book/blobs', '/srv/book'],
    ['mysql', 'database=book\tuser=root', '/var/lib/seatrial/book'],
    ['command', 'name=box\tcopy=true', '/var/lib/seatrial/book'],
  ])('%s: beside it, or among the records', (kind, spec, parent) => {
    expect(place(kind, spec))
      .toBe(`${parent}/.seatrial-book/rescue-20260101T000000Z-000001-state1`);
  });

  it.each(['book', 'a-rather-long-name-of-a-database', 'bücher, die länger heißen'])(
    'PostgreSQL: the database that %s has beside it', (name) => {
      const asked = '. "$1"; pg_named "$2" rescue_20260101T000000Z-000001_state1';
      const named = execFileSync('sh', ['-c', asked, 'test', join(kinds, 'postgres.sh'), name],
        { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
      expect(place('postgres', `database=${name}\tas=postgres`)).toBe(`database ${named}`);
    });
});
