import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { greenmaskText } from '../../src/copy/greenmask.ts';
import { SeatrialError } from '../../src/errors.ts';

const options = (text: string): unknown => {
  const { dump, restore } = parse(greenmaskText(text, 'g.yml'), { merge: true }) as Record<string,
    Record<string, unknown> | undefined>;
  return [dump?.['pg_dump_options'], restore?.['pg_restore_options']];
};

function problemsOf(text: string): string[] {
  try {
    greenmaskText(text, 'staging/g.yml');
  } catch (error) {
    if (error instanceof SeatrialError && error.kind === 'bad-input') {
      return error.problems.map((it) => `${it.place ?? ''}: ${it.message}`);
    }
    throw error;
  }
  return [];
}

describe('a configuration of Greenmask', () => {
  it('keeps what masks, and leads nowhere but to the copy', () => {
    const text = greenmaskText(`# ours
common: { pg_bin_path: /usr/lib/postgresql/15/bin, tmp_dir: /tmp }
STORAGE: { type: s3, s3: { bucket: everybody } }
dump:
  pg_dump_options: { dbname: host=db.example.org dbname=shop, Host: db.example.org, jobs: 2 }
  transformation:
    - schema: public
      name: person
      transformers: [{ name: Replace, params: { column: born, value: "2000-01-01" } }]
restore:
  pg_restore_options: { port: 5433, USERNAME: root, dbname: shop, jobs: 3 }
`, 'g.yml');
    expect(parse(text)).toEqual({
      common: { pg_bin_path: '/usr/lib/postgresql/15/bin', tmp_dir: '/nowhere' },
      storage: { type: 'directory', directory: { path: '/nowhere' } },
      dump: { pg_dump_options: { jobs: 2 }, transformation: [{ schema: 'public', name: 'person',
        transformers: [{ name: 'Replace', params: { column: 'born', value: '2000-01-01' } }] }] },
      restore: { pg_restore_options: { jobs: 3 } },
    });
    // A bare date would be a time for Greenmask.
    expect(text).toContain('"2000-01-01"');
  });

  it.each([
    ['an alias', `x: &far { host: a, jobs: 2 }
dump: { pg_dump_options: *far }
restore: { pg_restore_options: *far }`],
    ['a merge', `x: &far { host: a, dbname: b }
dump: { pg_dump_options: { <<: *far, jobs: 2 } }
restore: { pg_restore_options: { <<: [*far, { port: 1 }], jobs: 2 } }`],
    ['a merge around it', `x: &far { PG_dump_options: &o { host: a, jobs: 2 } }
dump: { <<: *far, pg_dump_options: *o }
restore: { pg_restore_options: *o }`],
    ['a section twice, in two cases', `dump: { pg_dump_options: { jobs: 2 } }
Dump: { pg_dump_options: { host: a } }
restore: { pg_restore_options: { jobs: 2, Port: 1 } }`],
  ])('does not lead elsewhere by %s', (_, text) => {
    expect(options(text)).toEqual([{ jobs: 2 }, { jobs: 2 }]);
    expect(greenmaskText(text, 'g.yml')).not.toMatch(/host|dbname|port:/i);
  });

  it.each(['x: &c { pg_bin_path: /usr/bin }\ncommon: *c', 'Common: { pg_bin_path: /usr/bin }'])(
    'has its directory in the section that is there: %s', (text) => {
      const { common, Common = common } = parse(greenmaskText(text, 'g.yml')) as
        Record<string, unknown>;
      expect(Common).toEqual({ pg_bin_path: '/usr/bin', tmp_dir: '/nowhere' });
    });

  it('needs no section', () => {
    expect(parse(greenmaskText('custom_transformers: []', 'g.yml'))).toEqual({
      custom_transformers: [], common: { tmp_dir: '/nowhere' },
      storage: { type: 'directory', directory: { path: '/nowhere' } } });
  });

  it('that is no YAML, or no mapping, is told with its places', () => {
    expect(problemsOf('dump: [\ncommon: {')).toEqual(expect.arrayContaining([
      expect.stringMatching(/^staging\/g\.yml:\d+:\d+: YAML: /)]));
    for (const text of ['', '- dump', 'dump']) {
      expect(problemsOf(text)).toEqual([
        'staging/g.yml:1:1: a configuration of Greenmask is a mapping']);
    }
  });
});
