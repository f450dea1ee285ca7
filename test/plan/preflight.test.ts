import { describe, expect, it } from 'vitest';
import { preflight } from '../../src/plan/preflight.ts';
import { guestbook, indico } from './files.ts';
import { configOf, hostFacts, runsOne, type Changes } from './host.ts';

interface How { text?: string; first?: boolean; arriving?: number; logsBegin?: boolean }

function refusals(changes: Changes, how: How = {}) {
  const config = configOf(how.text ?? guestbook);
  const problems = preflight({ config, facts: hostFacts(config, { ...runsOne, ...changes }),
    ...(how.logsBegin === undefined ? {} : { logsBegin: how.logsBegin }),
    first: how.first ?? false, arrivingBytes: how.arriving ?? 1_000_000 });
  // Every problem is one that a person can act on.
  expect(problems.filter((it) => (it.fix ?? '').length < 10)).toEqual([]);
  return problems.map((it) => it.message);
}

const uploads = 'path./srv/guestbook/shared/uploads';
const database = 'path./srv/guestbook/shared/guestbook.db';
const unit = 'unit.guestbook.service';
const entry = 'path./soft/bin/indico';

/** One thing is wrong, and nothing else is said. */
const alone: readonly (readonly [string, Changes, RegExp, string?])[] = [
  ['a tool is missing', { 'tool.flock': 'no' }, /has no flock$/],
  ['the tools are BusyBox', { 'tool.gnu-cp': '0', 'tool.gnu-find': 'no' },
    /lacks GNU tools: gnu-cp, gnu-find/],
  ['no HTTP client', { 'tool.curl': 'no', 'tool.node': 'no' }, /neither curl nor node/],
  ['logind kills at logout', { 'kill-user-processes': 'yes', 'boot-unit': 'no' },
    /ends what deploy leaves running/],
  ['records that cannot be written', { records: 'unwritable' }, /cannot be written by deploy/],
  ['an unknown unit', { [`${unit}.load`]: 'not-found' }, /no unit guestbook.service \(not-found\)/],
  ['a unit without the gate', { [`${unit}.guarded`]: 'no' }, /could be started by hand/],
  ['a unit that may not be stopped', { [`${unit}.may-stop`]: 'no' }, /may not stop and start/],
  ['state that is missing', { [`${database}.type`]: 'missing' },
    /db does not exist, and it is declared/],
  ['state that is a file', { [`${uploads}.type`]: 'file' }, /is a file, and state directory needs/],
  ['state that is a link', { [`${database}.type`]: 'link', [`${database}.target`]: '/x' },
    /is a link, and state sqlite needs a file/],
  ['state that is a mount point', { [`${uploads}.mount-point`]: 'yes' }, /is a mount point/],
  ['state that holds a mount', { [`${uploads}.mounts-inside`]: '/a' }, /other file systems/],
  ['state of others', { [`${uploads}.foreign`]: '3' }, /^3 entries of .* belong to another/],
  ['state in a directory that cannot be written', { [`${uploads}.parent-writable`]: 'no' },
    /may not rename/],
  ['a log that cannot be read', { 'path./var/log/guestbook.log.readable': 'no' },
    /cannot read the log/],
  ['an install directory of another', { 'path./srv/guestbook.writable': 'no' },
    /not a directory that deploy can write/],
  ['a link that is a directory', { 'path./srv/guestbook/current.type': 'directory' },
    /current is not a symbolic link/],
  ['shared settings that are missing', { 'path./srv/guestbook/shared/.env.type': 'missing' },
    /\.env does not exist/],
  ['no space', { [`${uploads}.free`]: '9000000', [`${database}.free`]: '9000000',
    'path./var/lib/seatrial/guestbook.free': '9000000' }, /no space: .* 9 MB free/],
  ['a link on the way that leads into the releases', {
    [`${uploads}.real`]: '/srv/guestbook/releases/1/up' }, /overlap: on the host they are/],
  ['an entry that is hidden', { [`${entry}.hidden`]: 'yes' }, /closed exists, though no/, indico],
  ['an entry that cannot be renamed', { [`${entry}.parent-writable`]: 'no' },
    /may not rename \/soft\/bin\/indico/, indico],
  ['code that is a mount point', { 'path./soft/htdocs.mount-point': 'yes' },
    /htdocs is a mount point/, indico],
];

describe('before anything is touched', () => {
  it('a good host has no problem', () => {
    expect(refusals({})).toEqual([]);
    expect(refusals({}, { text: indico })).toEqual([]);
  });

  it.each(alone.map((it) => [it[0], it] as const))('refuses %s', (_title, it) => {
    const [, changes, message, text] = it;
    const config = text === undefined ? {} : { text };
    const mended = Object.fromEntries(Object.entries(changes)
      .filter(([name]) => !name.includes('free')));
    const said = refusals({ ...pathsLikeFree(changes), ...mended }, config);
    expect(said).toEqual([expect.stringMatching(message)]);
  });

  it('tells all at once', () => {
    const guestbookCases = alone.filter(([, , , text]) => text === undefined)
      .filter(([title]) => !/state that is (missing|a file)|unknown unit|no space/.test(title));
    const all = Object.assign({}, ...guestbookCases.map(([, changes]) => changes)) as Changes;
    const said = refusals(all);
    for (const [, , message] of guestbookCases.filter(([title]) => !/link$/.test(title))) {
      expect(said.some((it) => message.test(it)), String(message)).toBe(true);
    }
  });

  it('asks nothing of state that a first release brings itself', () => {
    expect(refusals({ [`${database}.type`]: 'missing',
      'path./var/log/guestbook.log.type': 'missing',
      'path./var/log/guestbook.log.readable': 'no' }, { first: true })).toEqual([]);
  });

  it('asks for no log on staging, where it begins anew; but for one that can be read', () => {
    const log = 'path./var/log/guestbook.log';
    const gone = { [`${log}.type`]: 'missing', [`${log}.readable`]: 'no' };
    expect(refusals(gone, { logsBegin: true })).toEqual([]);
    expect(refusals(gone)).toEqual([expect.stringMatching(/cannot read the log/)]);
    expect(refusals({ [`${log}.readable`]: 'no' }, { logsBegin: true }))
      .toEqual([expect.stringMatching(/cannot read the log/)]);
  });

  it('counts what arrives', () => {
    expect(refusals({}, { arriving: 200_000_000_000 })).toEqual([
      expect.stringMatching(/no space/)]);
  });

  it('takes numbers that a host did not tell for no space', () => {
    expect(refusals({ ...pathsLikeFree({ [`${uploads}.free`]: 'x' }) })).toEqual([
      expect.stringMatching(/no space/)]);
  });
});

/** All paths of these tests are on one file system, so its free space is told alike. */
function pathsLikeFree(changes: Changes): Changes {
  const free = Object.entries(changes).find(([name]) => name.endsWith('.free'))?.[1];
  if (free === undefined) return {};
  const config = configOf(guestbook);
  return Object.fromEntries([...hostFacts(config).paths.keys()]
    .map((path) => [`path.${path}.free`, free]));
}
