import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { SeatrialError, type Problem } from '../../src/errors.ts';

/** Sections of a good file; tests replace one of them. */
export const sections = {
  application: 'application: guestbook',
  hosts: 'hosts:\n  staging: deploy@staging.example.org\n  production: deploy@www.example.org',
  install: 'install:\n  directory: /srv/guestbook\n  shared: [uploads, .env]',
  service: 'service: { systemd: guestbook }',
  maintenance: 'maintenance: { private: PORT=18080, public: PORT=8080 }',
  state: 'state:\n  - directory: /srv/guestbook/shared/uploads',
  checks: 'checks:\n  - http: http://localhost:8080/health',
  more: '',
};

/** What a file says that says nothing about rehearsals. */
export const rehearsalDefaults: Pick<Config, 'staging' | 'copy' | 'mask' | 'parity' | 'accept' |
  'budgetSeconds' | 'receiptSeconds' | 'approval'> = {
  staging: { overlay: undefined, sameHost: undefined, instead: [], writes: [],
    isolation: { kind: 'network', users: [], allow: [], unreachable: [] } },
  copy: { route: 'runner', freshForSeconds: 86_400, expiresSeconds: 604_800, rateMax: undefined },
  mask: [],
  parity: { items: [], files: [], classes: {
    architecture: 'fail', libc: 'fail', kernel: 'warn', distribution: 'warn', packages: 'warn',
    runtimes: 'fail', modules: 'fail', 'http-server': 'warn', database: 'fail', collation: 'fail',
    locale: 'warn', 'time-zone': 'warn', limits: 'warn', mounts: 'warn', configuration: 'warn',
    hardware: 'clock', identity: 'expected',
  } },
  accept: [],
  budgetSeconds: undefined,
  receiptSeconds: 604_800,
  approval: undefined,
};

export type Sections = Partial<Record<keyof typeof sections, string>>;

export function fileOf(changes: Sections): string {
  return Object.values({ ...sections, ...changes }).filter((it) => it !== '').join('\n') + '\n';
}

/** All problems of a text; a crash or a success fails the test that asked. */
export function problemsOf(text: string): readonly Problem[] {
  try {
    parseConfig(text, 'seatrial.yml');
  } catch (error) {
    if (error instanceof SeatrialError && error.kind === 'bad-input') return error.problems;
    throw error;
  }
  throw new Error(`accepted:\n${text}`);
}

/** Takes the mark « out of a text, and tells its place. */
export function unmark(marked: string): { text: string; place: string } {
  const before = marked.slice(0, marked.indexOf('«')).split('\n');
  const place = `seatrial.yml:${before.length}:${(before.at(-1) ?? '').length + 1}`;
  return { text: marked.replace('«', ''), place };
}
