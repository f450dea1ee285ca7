import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.ts';
import { describeEnd } from '../transactions/tool.ts';
import { createLedgerStage, type LedgerStage } from './ledger.ts';
import { install, told, type Settings } from './stage.ts';

/**
 * Migrations on PostgreSQL after which every check is green. Each is seen for what it is, by what
 * it did to the data, or to others who would have waited.
 */
const migrations = {
  'drops-a-column': 'alter table visit drop column origin;',
  'loses-rows': 'delete from visit where id % 1000 = 7;',
  // The server is asked four times a second: each statement must last longer, on any machine.
  'locks-for-long': `alter table visit alter amount type bigint
      using amount + 0 * length(repeat(md5(id::text), 200));
    create index on visit (day);
    update visit set amount = amount; update visit set amount = amount;`,
  'changes-the-meaning': 'update visit set amount = amount / 100;',
};
type Name = keyof typeof migrations;

/** Moves amounts between visits, so that their sum stays; tells how many times it did. */
const writer = `n=0; while [ ! -e /tmp/enough ]; do n=$((n + 1))
  printf '%s\\n' "begin; update visit set amount = amount - $n where id = $((n % 999 + 1));
    update visit set amount = amount + $n where id = $((n % 999 + 1000)); commit;" \
    '\\echo '"$n"; sleep 0.02
done | psql -X -q -v ON_ERROR_STOP=1 ledger >/tmp/written 2>&1`;
const sum = 'select sum(amount) from visit';

describe('a rehearsal of a migration on PostgreSQL', () => {
  let lab: Lab;
  let stage: LedgerStage;
  const releases = new Map<Name, string>();

  beforeAll(async () => {
    lab = await createLab();
    stage = await createLedgerStage(lab);
    await Promise.all([install(stage, 'production', 'root'), install(stage, 'staging', 'root')]);
    for (const [index, name] of (Object.keys(migrations) as Name[]).entries()) {
      releases.set(name, await stage.release(`2.${index}.0`, migrations[name]));
    }
    const first = await stage.run(['deploy', '--release', await stage.release('1.0.0')]);
    expect(first.status, describeEnd(first)).toBe(0);
  });

  afterAll(async () => {
    await stage?.down();
    await lab?.down();
  });

  const ask = (host: 'production' | 'staging', question: string, database = 'ledger') =>
    stage.ask(stage[host], database, question);

  /** The list of migrations grows with each, which is accepted. */
  const config = (edit: (settings: Settings) => void = () => undefined): string =>
    stage.config((it) => {
      it['accept'] = [{ state: 'ledger', object: 'public.migration', difference: 'rows-added',
        reason: 'the list of migrations' }];
      edit(it);
    });
  const rehearse = async (name: Name, edit?: (settings: Settings) => void) =>
    told(await stage.rehearse(releases.get(name) ?? '', ['--config', config(edit)]));

  it('copies one instant while production writes, and sees a column dropped', async () => {
    const total = await ask('production', sum);
    const written = async () => Number(await stage.output(stage.production,
      'tail -n 1 /tmp/written'));
    await stage.output(stage.production, `install -m 666 /dev/null /tmp/written
      cat >/opt/writer <<'EOF'\n${writer}\nEOF
      setsid runuser -u ledger -- sh /opt/writer </dev/null >/dev/null 2>&1 &`);
    await expect.poll(written, { timeout: 20_000, interval: 100 }).toBeGreaterThan(5);
    const before = await written();
    const found = await rehearse('drops-a-column');
    await stage.output(stage.production, ': >/tmp/enough; sleep 1');
    expect(await written()).toBeGreaterThan(before + 50);
    expect(await ask('production', sum)).toBe(total);
    expect(await ask('staging', sum)).toBe(total);
    expect(await ask('staging', sum, 'ledger_pristine')).toBe(total);
    // Some of it had happened by then, and some had not.
    const amounts = 'select string_agg(amount::text, $$ $$ order by id) from visit where id < 2000';
    expect(await ask('staging', amounts)).not.toBe(await ask('production', amounts));
    expect(found.reasons).toEqual([
      expect.stringMatching(/^In ledger, column public\.visit\.origin was dropped: text/)]);
    expect(found).toMatchObject({ verdict: 'refused', oldCode: { verdict: 'pass' },
      undo: { equal: true }, data: [{ name: 'ledger', reused: false }] });
  });

  it('sees rows lost, on the copy that is there already', async () => {
    const before = await stage.look();
    const found = await rehearse('loses-rows');
    expect(found.reasons).toEqual([
      expect.stringMatching(/public\.visit lost rows: 150,000 rows -> 149,850 rows \(150 fewer/)]);
    expect(found).toMatchObject({ verdict: 'refused', undo: { equal: true },
      data: [{ reused: true }] });
    expect(found.checks.filter((it) => it.when === 'new' && it.verdict !== 'pass')).toEqual([]);
    expect(await stage.look()).toEqual(before);
  });

  it('sees that records mean something else, and that the window is over its budget', async () => {
    const before = await stage.look();
    const found = await rehearse('changes-the-meaning', (it) => { it['budget'] = '1s'; });
    expect(found.reasons).toEqual([
      expect.stringMatching(/the rows of public\.visit have another content: 150,000 rows/),
      expect.stringMatching(/budget/)]);
    expect(found).toMatchObject({ verdict: 'refused', oldCode: { verdict: 'pass' },
      undo: { equal: true }, forecast: { budget: 1 } });
    expect(found.forecast?.high).toBeGreaterThan(1);
    expect(await stage.look()).toEqual(before);
  });

  it('tells what a migration locks and writes anew, for how long and by which words', async () => {
    const before = await stage.look();
    const found = await rehearse('locks-for-long');
    const [longest] = found.locks;
    expect(longest).toMatchObject({ object: 'public.visit', mode: 'AccessExclusiveLock' });
    expect(longest?.statement).toContain('alter table visit alter amount type bigint');
    expect(longest?.seconds).toBeGreaterThan(0.2);
    expect(longest?.seconds).toBeLessThan(found.windowSeconds ?? 0);
    expect(found.rewrites).toMatchObject([{ table: 'public.visit' }]);
    expect(found.rewrites[0]?.bytesAfter).toBeGreaterThan(found.rewrites[0]?.bytesBefore ?? 0);
    expect(found.differences.map((it) => [it.object, it.kind, it.harmless !== undefined]))
      .toEqual(expect.arrayContaining([['public.visit.amount', 'changed', true]]));
    expect(found).toMatchObject({ verdict: 'passed', reasons: [] });
    expect(await stage.look()).toEqual(before);
  });

  it('is deployed by its receipt, and the rescue copy has its name', async () => {
    const deployed = await stage.run(['deploy', '--release', releases.get('locks-for-long') ?? '',
      '--receipt', stage.receipt, '--config', config()]);
    expect(deployed.status, describeEnd(deployed)).toBe(0);
    const [rescue] = deployed.summary?.places ?? [];
    expect(rescue).toMatchObject({ what: 'rescue copy' });
    const name = rescue?.path.replace('database ', '') ?? '';
    expect(await ask('production', `select data_type from information_schema.columns
      where table_name = 'visit' and column_name = 'amount'`, name)).toBe('integer');
    expect(await ask('production', `select data_type from information_schema.columns
      where table_name = 'visit' and column_name = 'amount'`)).toBe('bigint');
  });

  it('leaves no database of production on staging once it is forgotten', async () => {
    const forgotten = await stage.run(['rehearse', '--forget', '--config', config()]);
    expect(forgotten.status, describeEnd(forgotten)).toBe(0);
    // What staging had before comes back: a database without tables.
    expect(await ask('staging', 'select datname from pg_database order by 1', 'postgres'))
      .toBe('ledger\npostgres\ntemplate0\ntemplate1');
    expect(await ask('staging', `select count(*) from pg_class where relname = 'visit'`)).toBe('0');
  });
});
