import { SeatrialError } from '../errors.ts';
import type { HostFacts, Installed, PathFacts, Rescue, UnitFacts } from './host-facts.ts';
import { statesOf } from './parse-states.ts';

type Raw = ReadonlyMap<string, readonly string[]>;

/** Parses what facts.sh printed. Throws SeatrialError `refused` when the host did not finish it. */
export function parseFacts(output: string): HostFacts {
  const raw = collect(output);
  if (first(raw, 'complete') !== 'yes') {
    throw new SeatrialError('refused', [{
      message: `the host did not tell its facts; its last words: ${lastWords(output)}`,
      fix: 'The login must run a POSIX shell and print nothing but what is asked.',
    }]);
  }
  return {
    ...hostPart(raw),
    ...recordsPart(raw),
    hasBootUnit: first(raw, 'boot-unit') === 'yes',
    hasExpiryTimer: first(raw, 'expiry-timer') === 'yes',
    mayLaunchUnit: first(raw, 'may-launch') === 'yes',
    units: byName(raw, { kind: 'unit', fields: unitFields, make: unitOf }),
    accounts: byName(raw, { kind: 'account', fields: ['exists', 'usable'], make: (get) =>
      ({ exists: get('exists') === 'yes', usable: get('usable') === 'yes' }) }),
    paths: byName(raw, { kind: 'path', fields: pathFields, make: pathOf }),
    pidfiles: pidfilesOf(raw),
    states: statesOf(raw.get('state') ?? []),
    isolation: isolationOf(raw),
    gone: new Set(raw.get('gone') ?? []),
    unstoppable: new Set([...raw.entries()]
      .filter(([name, values]) => name.startsWith('stoppable.') && values[0] !== 'yes')
      .map(([name]) => name.slice('stoppable.'.length))),
  };
}

function collect(output: string): Raw {
  const raw = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const tab = line.indexOf('\t');
    if (tab < 0) continue;
    const name = line.slice(0, tab);
    raw.set(name, [...(raw.get(name) ?? []), line.slice(tab + 1)]);
  }
  return raw;
}

function first(raw: Raw, name: string): string {
  return raw.get(name)?.[0] ?? '';
}

function lastWords(output: string): string {
  return output.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
}

function decode(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}

function hostPart(raw: Raw): Pick<HostFacts, 'user' | 'isRoot' | 'host' | 'machine' | 'path' |
  'addresses' | 'hasSystemd' | 'killsUserProcesses' | 'tools'> {
  const tools = [...raw.entries()]
    .filter(([name]) => name.startsWith('tool.'))
    .filter(([, values]) => !['no', '0', ''].includes(values[0] ?? ''))
    .map(([name]) => name.slice('tool.'.length));
  return {
    user: first(raw, 'user'),
    isRoot: first(raw, 'uid') === '0',
    host: first(raw, 'host'),
    machine: first(raw, 'machine'),
    path: first(raw, 'path'),
    addresses: first(raw, 'addresses').split(' ').filter((address) => address !== ''),
    hasSystemd: first(raw, 'systemd') === 'yes',
    killsUserProcesses: first(raw, 'kill-user-processes') === 'yes',
    tools: new Set(tools),
  };
}

function recordsPart(raw: Raw): Pick<HostFacts, 'records' | 'lock' | 'lockOwner' | 'unfinished' |
  'unfinishedJournal' | 'installed' | 'installedSha256' | 'history' | 'rescues' | 'failed' |
  'failedText' | 'gate'> {
  const installed = raw.get('installed')?.[0];
  return {
    records: oneOf(first(raw, 'records'), ['missing', 'creatable', 'writable', 'unwritable']),
    lock: first(raw, 'lock') === 'held' ? 'held' : 'free',
    lockOwner: tabbed(decode(first(raw, 'lock-owner'))),
    unfinished: first(raw, 'unfinished') === '' ? undefined : first(raw, 'unfinished'),
    unfinishedJournal: decode(first(raw, 'unfinished-journal')),
    installed: installed === undefined ? undefined
      : installedOf(decode(installed), 'installed.json'),
    installedSha256: raw.get('installed-sha256')?.[0] ?? 'none',
    history: (raw.get('history') ?? [])
      .map((entry) => installedOf(decode(entry), 'a file of history'))
      .sort((a, b) => (a.run < b.run ? 1 : -1)),
    rescues: new Map([...raw.entries()].filter(([name]) => name.startsWith('rescue.'))
      .map(([name, values]) => [name.slice('rescue.'.length), rescuesOf(decode(values[0] ?? ''))])),
    failed: [...(raw.get('failed') ?? [])].sort().reverse(),
    failedText: raw.get('failed-text')?.at(-1) ?? '',
    gate: oneOf(first(raw, 'gate'), ['missing', 'open', 'closed']),
  };
}

function oneOf<Word extends string>(text: string, words: readonly [Word, ...Word[]]): Word {
  return words.find((word) => word === text) ?? words[0];
}

function tabbed(text: string): Record<string, string> {
  return Object.fromEntries(text.split('\n').filter((line) => line.includes('\t'))
    .map((line) => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)]));
}

function installedOf(text: string, file: string): Installed {
  const value = parseJson(text);
  const word = (name: string): string => {
    const found = value[name];
    return typeof found === 'string' ? found : '';
  };
  if (word('version') === '' || word('run') === '') throw damaged(file);
  return {
    application: word('application'),
    version: word('version'),
    digest: word('digest'),
    release: word('release'),
    run: word('run'),
    installedAt: word('installedAt'),
    way: word('way'),
  };
}

function parseJson(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function damaged(file: string): SeatrialError {
  return new SeatrialError('refused', [{
    message: `${file} among the records on the host does not say what was installed`,
    fix: file === 'installed.json'
      ? 'Somebody changed it: copy the newest file of history/ over it.'
      : 'Somebody changed it: move the file that is no whole JSON out of history/.',
  }]);
}

function rescuesOf(text: string): Rescue[] {
  return text.split('\n').map((line) => line.split('\t')).filter((fields) => fields.length >= 5)
    .map(([kind = '', path = '', place = '', files = '0', kilobytes = '0']) =>
      ({ kind, path, place, files: Number(files), bytes: Number(kilobytes) * 1024 }));
}

const pathFields = ['type', 'target', 'real', 'hidden', 'parent-writable', 'readable', 'writable',
  'exists', 'mount-point', 'mounts-inside', 'side-usable',
  'parent-device', 'free', 'bytes', 'files', 'foreign',
  'unreadable'] as const;

const unitFields = ['load', 'active', 'guarded', 'may-stop', 'may-start', 'triggers', 'user',
  'isolated'] as const;

interface Part<Value> {
  readonly kind: string;
  readonly fields: readonly string[];
  readonly make: (get: (field: string) => string) => Value;
}

/** Facts are named `<kind>.<name>.<field>`; the name may hold dots itself. */
function byName<Value>(raw: Raw, part: Part<Value>): Map<string, Value> {
  const { kind, fields, make } = part;
  const names = new Set([...raw.keys()].filter((name) => name.startsWith(`${kind}.`))
    .map((name) => name.slice(kind.length + 1, name.lastIndexOf('.')))
    .filter((name) => fields.some((field) => raw.has(`${kind}.${name}.${field}`))));
  return new Map([...names].map((name) =>
    [name, make((field) => first(raw, `${kind}.${name}.${field}`))]));
}

function unitOf(get: (field: string) => string): UnitFacts {
  return {
    load: get('load'),
    active: get('active'),
    guarded: get('guarded') === 'yes',
    mayStop: get('may-stop') === 'yes',
    mayStart: get('may-start') === 'yes',
    triggers: get('triggers').split(' ').filter((unit) => unit !== ''),
    user: get('user'),
    isolated: get('isolated') === 'yes',
  };
}

function pathOf(get: (field: string) => string): PathFacts {
  return {
    type: oneOf(get('type'), ['missing', 'link', 'directory', 'file', 'other']),
    real: get('real'),
    target: get('target') === '' ? undefined : get('target'),
    hidden: get('hidden') === 'yes',
    parentWritable: get('parent-writable') === 'yes',
    readable: get('readable') === 'yes',
    writable: get('writable') === 'yes',
    exists: get('exists') === 'yes',
    sideIsForeign: get('side-usable') === 'no',
    mountsInside: get('mounts-inside'),
    isMountPoint: get('mount-point') === 'yes',
    parentDevice: get('parent-device'),
    free: Number(get('free')),
    bytes: Number(get('bytes')),
    files: Number(get('files')),
    foreign: Number(get('foreign')),
    unreadable: Number(get('unreadable')),
  };
}

function isolationOf(raw: Raw): HostFacts['isolation'] {
  return {
    helper: first(raw, 'isolation-helper'),
    usable: first(raw, 'isolation-usable') === 'yes',
    hasGroups: first(raw, 'isolation-groups') === 'yes',
    problems: (raw.get('isolation') ?? []).map((line) => {
      const [message = '', fix = ''] = line.split('\t');
      return { message, fix };
    }),
  };
}

function pidfilesOf(raw: Raw): Map<string, string> {
  return new Map([...raw.entries()]
    .filter(([name, values]) => name.startsWith('pidfile.') && values[0] !== 'none')
    .map(([name, values]) => [name.slice('pidfile.'.length), values[0] ?? '']));
}
