import { describe, expect, it } from 'vitest';
import { parityClasses } from '../../src/config/config.ts';
import { namedAsOnProduction, parseParity, unpackParity, withItems }
  from '../../src/facts/parse-parity.ts';
import { compareParity } from '../../src/parity/compare.ts';
import { matchesItem } from '../../src/parity/item-glob.ts';
import { parityLines } from '../../src/parity/lines.ts';
import { sameMachine } from '../../src/parity/same-machine.ts';
import { factsOf, golden, parity } from './facts.ts';

const twelve = golden('debian-12');
const digest = (letter: string) => `digest:${letter.repeat(64)}  -`;

/** One line of the golden host for each class, and what stands there on the other host. */
const injected: readonly [string, string, string, string][] = [
  ['architecture\tmachine\tx86_64', 'architecture\tmachine\taarch64', 'fail',
    'machine: x86_64 -> aarch64'],
  ['libc\tlibc\tglibc 2.36', 'libc\tlibc\tmusl 1.2.5', 'fail', 'libc: glibc 2.36 -> musl 1.2.5'],
  ['kernel\tkernel\t6.1.0-40-amd64', 'kernel\tkernel\t6.1.0-41-amd64', 'warn',
    'kernel: 6.1.0-40-amd64 -> 6.1.0-41-amd64'],
  ['distribution\trelease\t12.12', 'distribution\trelease\t12.11', 'warn',
    'release: 12.12 -> 12.11'],
  ['packages\topenssl\t3.0.17-1~deb12u2', 'packages\topenssl\t3.0.14-1', 'warn',
    'openssl: 3.0.17-1~deb12u2 -> 3.0.14-1'],
  ['runtimes\tpython3\t3.11.2', 'runtimes\tpython3\t3.11.9', 'fail', 'python3: 3.11.2 -> 3.11.9'],
  ['modules\tpython3:six\t1.16.0', '', 'fail', 'python3:six: 1.16.0 -> none'],
  ['http-server\tmod_wsgi\t4.9.4-1+b2', '', 'warn', 'mod_wsgi: 4.9.4-1+b2 -> none'],
  ['database\tsqlite3\t3.40.1', 'database\tsqlite3\t3.46.1', 'fail', 'sqlite3: 3.40.1 -> 3.46.1'],
  ['collation\ticu\t72.1', 'collation\ticu\t76.1', 'fail', 'icu: 72.1 -> 76.1'],
  ['locale\tC.utf8\tinstalled', '', 'warn', 'C.utf8: installed -> none'],
  ['time-zone\tzone\tEurope/Zurich', 'time-zone\tzone\tEtc/UTC', 'warn',
    'zone: Europe/Zurich -> Etc/UTC'],
  ['limits\tlogin: max open files\t20000 / 20000', 'limits\tlogin: max open files\t1024 / 20000',
    'warn', 'login: max open files: 20000 / 20000 -> 1024 / 20000'],
  ['mounts\t/srv/app\text4 rw,relatime', 'mounts\t/srv/app\txfs rw,relatime', 'warn',
    '/srv/app: ext4 rw,relatime -> xfs rw,relatime'],
  ['configuration\t/etc/login.defs\t', `configuration\t/etc/login.defs\t${digest('a')}`, 'warn',
    '/etc/login.defs: a text -> another text'],
  ['hardware\tcores\t2', 'hardware\tcores\t3', 'clock', 'cores: 2 -> 3'],
  ['identity\thostname\twww', 'identity\thostname\tstage', 'expected', 'hostname: www -> stage'],
];

function withLine(text: string, begin: string, line: string): string {
  const lines = text.split('\n');
  const at = lines.findIndex((it) => it.startsWith(begin));
  expect(at, begin).toBeGreaterThanOrEqual(0);
  return lines.toSpliced(at, 1, ...(line === '' ? [] : [line])).join('\n');
}

describe('two hosts', () => {
  it('that are equal have no finding', () => {
    const facts = factsOf(twelve);
    expect(compareParity({ production: facts, staging: facts }, parity))
      .toMatchObject({ verdict: 'pass', findings: [] });
  });

  it('are compared by every class', () => {
    expect(new Set(injected.map(([line]) => line.split('\t')[0]))).toEqual(new Set(parityClasses));
  });

  it.each(injected)('differ by one item: %s', (...[line, other, verdict, text]) => {
    const staging = factsOf(withLine(twelve, line, other));
    const report = compareParity({ production: factsOf(twelve), staging }, parity);
    expect(report.findings).toHaveLength(1);
    expect(report.findings[0]).toMatchObject({ class: line.split('\t')[0], verdict });
    expect(report.verdict).toBe(['fail', 'warn'].includes(verdict) ? verdict : 'pass');
    expect(parityLines(report, { perClassMax: { fail: 9, warn: 9, clock: 9, expected: 9 } }))
      .toContain(`  ${text}`);
  });

  it('of two releases of Debian are told in an order and a length for people', async () => {
    const report = compareParity(
      { production: factsOf(twelve), staging: factsOf(golden('debian-13')) }, parity);
    expect(report.verdict).toBe('fail');
    await expect(`${parityLines(report).join('\n')}\n`)
      .toMatchFileSnapshot('debian-12-to-13.golden');
  });

  it('differ by an item that was given another verdict, for a reason that is shown', () => {
    const staging = factsOf(withLine(twelve, 'modules\tpython3:six', ''));
    const report = compareParity({ production: factsOf(twelve), staging }, { ...parity, items: [
      { item: 'python3:s*', verdict: 'warn', reason: 'only the installer needs it' },
      { item: 'python3:*', verdict: 'expected', reason: 'never used: the first one counts' },
    ] });
    expect(report.verdict).toBe('warn');
    expect(parityLines(report).at(-1))
      .toBe('  python3:six: 1.16.0 -> none (only the installer needs it)');
  });

  it.each([['2', '4', 'clock'], ['2', '5', 'warn'], ['5', '2', 'warn'], ['2', 'none', 'warn'],
    ['2', '0', 'warn']])(
    'with %s and %s cores: %s', (one, other, verdict) => {
      const cores = (count: string) => factsOf(withLine(twelve, 'hardware\tcores',
        `hardware\tcores\t${count}`));
      expect(compareParity({ production: cores(one), staging: cores(other) }, parity).findings)
        .toMatchObject([{ item: 'cores', verdict }]);
    });
});

describe('what a host could not read', () => {
  const compare = (staging: string, production = twelve) => compareParity(
    { production: factsOf(production), staging: factsOf(staging) }, parity).findings;

  it('has the verdict of its class, once, and its items are not called missing', () => {
    const unread = `${twelve.split('\n').filter((line) => !line.startsWith('packages')).join('\n')}
unread\tpackages\tpackages\tno dpkg`;
    expect(compare(unread)).toEqual([{ class: 'packages', item: 'packages', verdict: 'warn',
      production: 'none', staging: 'not read: no dpkg' }]);
    expect(compare(unread, unread)).toHaveLength(1);
  });

  it('of a language covers the modules of that language', () => {
    const lines = twelve.split('\n').filter((line) => !/^(runtimes|modules)\tpython3/.test(line));
    expect(compare(`${lines.join('\n')}\nunread\truntimes\tpython3\tit ended with 137`))
      .toEqual([{ class: 'runtimes', item: 'python3', verdict: 'fail', production: '3.11.2',
        staging: 'not read: it ended with 137' }]);
  });

  it('is expected of a file of a package that others may not read, on both hosts alike', () => {
    const unread = `${twelve}unread\tconfiguration\t/etc/sudoers\tit cannot be read`;
    const both = { production: factsOf(unread), staging: factsOf(unread) };
    expect(compareParity(both, parity)).toMatchObject({ verdict: 'pass',
      findings: [{ item: '/etc/sudoers', verdict: 'expected' }] });
    expect(compareParity(both, { ...parity, files: ['/etc/**'] }).verdict).toBe('warn');
    expect(compare(unread)).toMatchObject([{ item: '/etc/sudoers', verdict: 'warn' }]);
  });

  it('is nothing of a host that did not come to its end', () => {
    expect(parseParity(twelve.replace('complete\tyes', ''), 1)).toBeUndefined();
    expect(unpackParity(Buffer.from([0x1f, 0x8b, 8, 0]))).toBeUndefined();
    expect(unpackParity(Buffer.from('plain'))).toBe('plain');
  });
});

describe('a hostile host', () => {
  it('can print neither colours nor lines of its own nor names without end', () => {
    const facts = factsOf(`packages\tbad\u001B[31m\u0007name\tv\u001B]0;x\u0007\u202E1\r2\u20283
packages\t${'n'.repeat(1_000_000)}\t${'v'.repeat(1_000_000)}
nonsense\tx\ty\n\u0000\n\t\t\t\nunread\tnonsense\tx\ty
unread\tlibc\t\u001B[2Jlibc\t${'why '.repeat(100_000)}
complete\tyes\t`);
    const texts = [...facts.items.values()].flatMap((it) => [...it].flat())
      .concat(facts.unread.flatMap((it) => [it.item, it.why]));
    expect(texts).toHaveLength(6);
    for (const text of texts) {
      expect(text.length).toBeLessThanOrEqual(300);
      expect(text).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    }
  });

  it('that gives no digest is not believed to be equal', () => {
    const facts = factsOf(twelve.replace(/(login.defs\tdigest:)\w+ {2}-/, '$1  -'));
    expect(compareParity({ production: facts, staging: facts }, parity).findings).toMatchObject([
      { class: 'configuration', item: '/etc/login.defs', production: 'not read: it has no digest' },
    ]);
  });

  it('that names more than can be compared is not believed to be equal', () => {
    const many = Array.from({ length: 25_000 }, (_, index) => `packages\tp${index}\t1`).join('\n');
    const facts = factsOf(`${many}\ncomplete\tyes\t`);
    expect(compareParity({ production: facts, staging: facts }, parity).findings)
      .toMatchObject([{ class: 'packages', item: 'packages', verdict: 'warn' }]);
  });
});

describe('items of the state', () => {
  it('are those of a database or of its collation, by the name of the state', () => {
    const add = (version: string, collation: string) => withItems(factsOf(twelve), 'guestbook',
      new Map([['server version', version], ['collation version', collation]]));
    expect(compareParity({ production: add('15.14', '2.36'), staging: add('15.10', '2.31') },
      parity).findings).toEqual([
      { class: 'database', item: 'guestbook: server version', verdict: 'fail',
        production: '15.14', staging: '15.10' },
      { class: 'collation', item: 'guestbook: collation version', verdict: 'fail',
        production: '2.36', staging: '2.31' },
    ]);
  });
});

describe('what has another name on staging', () => {
  const instead = [{ of: '/srv/app', use: '/srv/stage' }, { of: 'app-prod', use: 'app' }];
  const production = `mounts\t/srv/app\text4 rw\nlimits\tapp-prod.service UMask\t0022
packages\tapp\t1\ncomplete\tyes\t`;
  const compare = (staging: string) => compareParity({ production: factsOf(production),
    staging: namedAsOnProduction(factsOf(staging), instead) }, parity).findings;

  it('is compared under the name that it has on production', () => {
    expect(compare(`mounts\t/srv/stage\text4 rw\nlimits\tapp.service UMask\t0022
packages\tapp\t1\ncomplete\tyes\t`)).toEqual([]);
    expect(compare(`mounts\t/srv/stage\txfs rw\nlimits\tapp.service UMask\t0022
packages\tapp\t2\ncomplete\tyes\t`)).toMatchObject([
      { item: 'app', production: '1', staging: '2' },
      { item: '/srv/app', production: 'ext4 rw', staging: 'xfs rw' }]);
  });

  it('hides nothing that has the name of production already', () => {
    const both = factsOf('mounts\t/srv/app\txfs\nmounts\t/srv/stage\text4\ncomplete\tyes\t');
    expect(namedAsOnProduction(both, instead.slice(0, 1)).items.get('mounts'))
      .toEqual(new Map([['/srv/app', 'xfs'], ['/srv/stage', 'ext4']]));
  });
});

describe('a glob of items', () => {
  it.each([['openssl', 'openssl', true], ['openssl', 'openssl3', false], ['py*', 'python3', true],
    ['*', '', true], ['*:six', 'python3:six', true], ['a?c', 'abc', true], ['a?c', 'ac', false],
    ['/etc/*.conf', '/etc/a/b.conf', true], ['a.c', 'abc', false], ['*a*b', 'xaxxb', true],
    ['*a*b', 'xaxxbc', false]])('%s on %s: %s', (glob, name, matches) => {
    expect(matchesItem(glob, name)).toBe(matches);
  });

  it('takes no time without end', () => {
    expect(matchesItem('*a'.repeat(30), `${'a'.repeat(300)}b`)).toBe(false);
  });
});

describe('the fence between staging and production', () => {
  const other = golden('debian-13');
  const lineOf = (text: string, item: string) =>
    text.split('\n').find((line) => line.startsWith(`identity\t${item}\t`)) ?? '';
  const fence = (staging: string, production = twelve) =>
    sameMachine({ production: factsOf(production), staging: factsOf(staging) });
  const without = (text: string, item: string) => withLine(text, `identity\t${item}\t`, '');

  it('lets two machines pass', () => {
    expect(fence(other)).toBeUndefined();
    expect(fence(without(other, 'machine-id'))).toBeUndefined();
  });

  it('holds for one machine, for a clone of it, and for one that tells nothing', () => {
    expect(fence(twelve)?.message).toBe('staging is the same machine as production');
    expect(fence(withLine(other, 'identity\tmachine-id', lineOf(twelve, 'machine-id')))?.message)
      .toContain('a clone');
    expect(fence(without(without(other, 'machine-id'), 'boot-id'))?.message)
      .toContain('cannot be told');
    expect(fence(without(twelve, 'machine-id'))?.message).toContain('the same machine');
  });

  it('lets two containers of one kernel pass: they have identities of their own', () => {
    expect(fence(withLine(other, 'identity\tboot-id', lineOf(twelve, 'boot-id')))).toBeUndefined();
  });
});
