import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { parseConfig, parseStagingConfig } from '../../src/config/parse.ts';
import type { CopyInput } from '../../src/copy/copy.ts';
import { openLocal } from '../../src/host/local.ts';
import type { Transport } from '../../src/host/transport.ts';
import type { ReportEvent } from '../../src/report/events.ts';

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

/** Two hosts on this machine: below `production` lies what is copied, below `staging` the copy. */
export interface Hosts {
  /** Its own for each pair, since tests run beside each other. */
  readonly application: string;
  readonly root: string;
  readonly production: string;
  readonly staging: string;
  readonly events: ReportEvent[];
  input(more?: Partial<CopyInput>): CopyInput;
  close(): Promise<void>;
}

export interface HostsOptions {
  /** Lines of `state:`, with {root} for production's directory. */
  readonly state: readonly string[];
  /** More top-level lines. */
  readonly more?: readonly string[];
  /** What stands on staging for what production has, besides the directory. */
  readonly instead?: readonly (readonly [of: string, use: string])[];
  /** Where it all lies; a host that is started again empties /tmp, and tests look into /var/tmp. */
  readonly parent?: string;
  readonly transport?: (role: 'production' | 'staging') => Transport;
}

export function makeHosts(options: HostsOptions): Hosts {
  const root = mkdtempSync(join(options.parent ?? tmpdir(), 'seatrial-copy-test-'));
  roots.push(root);
  const production = join(root, 'production');
  const staging = join(root, 'staging');
  for (const it of [production, staging]) mkdirSync(it, { recursive: true });
  const application = `copied-${randomBytes(4).toString('hex')}`;
  const text = configText(root, application, options);
  const open = options.transport ?? ((): Transport => openLocal());
  const transports = { production: open('production'), staging: open('staging') };
  const events: ReportEvent[] = [];
  const config = parseConfig(text, 'seatrial.yml');
  const stagingConfig = parseStagingConfig(text, 'seatrial.yml');
  return {
    application, root, production, staging, events,
    input: (more = {}) => ({
      production: { config, transport: transports.production, machine: 'machine-1', release: '',
        installed: 'a'.repeat(64), host: { name: 'production', open: openAgain('production') } },
      staging: { config: stagingConfig, transport: transports.staging,
        host: { name: 'staging', open: openAgain('staging') } },
      run: '20260101T000000Z-aaaaaa', report: (event) => { events.push(event); },
      cancel: new AbortController().signal, clock: () => Date.now(), fresh: false,
      readFile: async (path) => await Promise.reject(new Error(`no file ${path}`)),
      ...more,
    }),
    async close() {
      await Promise.all([transports.production.close(), transports.staging.close()]);
    },
  };

  function openAgain(role: 'production' | 'staging'): () => Promise<Transport> {
    return async () => await Promise.resolve(open(role));
  }
}

function configText(
  root: string, application: string, { state, more = [], instead = [] }: HostsOptions,
): string {
  return `application: ${application}
hosts: { production: local, staging: local }
records: ${root}/production/records
install: { replaces: [{ path: ${root}/production/code, from: code }] }
service: []
maintenance: { none: a test }
state:
${state.map((it) => `  - ${it.replaceAll('{root}', join(root, 'production'))}`).join('\n')}
checks: [{ command: "true" }]
staging:
  same-host: a test
  isolation: { none: a test }
  instead:
${[[`${root}/production`, `${root}/staging`], ...instead].map(([of = '', use = '']) =>
    `    - { of: ${of}, use: ${use} }`).join('\n')}
${more.join('\n')}
`;
}

/** What production runs; hosts without it are refused. */
export function makeCode(hosts: Hosts): void {
  mkdirSync(join(hosts.production, 'code'));
}

/** All that is below a directory, with times and contents: equal where nothing was touched. */
export function treeOf(root: string): string {
  const ran = spawnSync('sh', ['-c', `cd "$1" && find . -printf '%p %y %m %U %s %T@ %C@ %l\\n' |
    LC_ALL=C sort && find . -type f -print0 | LC_ALL=C sort -z |
    xargs -0 -r sha256sum`, 'sh',
  root],
  { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(ran.stderr);
  return ran.stdout;
}

/** Temporary directories of a copy, wherever they may lie. */
export function scratches({ application }: Hosts): string[] {
  const ran = spawnSync('sh', ['-c', 'for d in "${TMPDIR:-/var/tmp}" /var/tmp /tmp; do ' +
    'ls -d "$d/seatrial-$1-copy-"*; done 2>/dev/null | sort -u', 'sh', application],
  { encoding: 'utf8' });
  return ran.stdout.split('\n').filter((it) => it !== '');
}
