import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync }
  from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'vitest';
import type { Lab } from '../../hosts/lab.ts';
import { createGuestbookStage, type GuestbookStage } from '../../hosts/rehearsal/guestbook.ts';
import { installBoth } from '../../hosts/rehearsal/stage.ts';
import { loadMaker, makeApplication, type CommitOptions } from '../chain/application.ts';
import { filesOf, knownHosts } from '../chain/stage.ts';
import { actionName, actionRef, type Runner, type RunnerOptions, type RunningJob }
  from './runners.ts';
import type { Tools } from './tools.ts';

const root = resolve(import.meta.dirname, '../../..');
export const approvedBy = 'the release meeting';

/** Two hosts, and a server whose runner runs the one job of docs/elsewhere.md. */
export interface OneJobStage {
  readonly hosts: GuestbookStage;
  /** Commits, tags and pushes a version, and runs the workflow to its end. */
  release(version: string, change?: CommitOptions): Promise<Ended>;
  /** The same, without waiting. */
  start(version: string, change?: CommitOptions): Promise<RunningJob>;
  /** Runs the workflow of a tag that is there. */
  again(version: string): Promise<Ended>;
  finish(job: RunningJob): Promise<Ended>;
  /** Files on the runner that hold the private key. */
  keys(): string[];
  serving(): Promise<string>;
  down(): Promise<void>;
}

export interface Ended {
  readonly green: boolean;
  readonly log: string;
  /** As the last step of the job saw the ones before it; none where that did not run. */
  readonly steps: Readonly<Record<string, Step>>;
  /** The environment of that step. */
  readonly environment: string;
}

export interface Step {
  readonly outcome: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** A step of the user's own, behind ours: what it can read of them. */
const tellStep = `
      - if: always()
        env:
          STEPS: \${{ toJSON(steps) }}
        run: |
          printf '%s' "$STEPS" >"$TOLD/steps"
          env >"$TOLD/environment"
`;

/** What the page tells people to write, and a step that tells what it sees. */
export function workflowOfPage(): string {
  const page = readFileSync(join(root, 'docs/elsewhere.md'), 'utf8');
  const [, text = ''] = /```yaml\n(name: Release\n[^]*?)```/.exec(page) ?? [];
  expect(text).toContain('uses: OWNER/seatrial@v1');
  return text.replaceAll('OWNER/seatrial@v1', `${actionName}@${actionRef}`).trimEnd() + tellStep;
}

export async function createOneJobStage(lab: Lab, tools: Tools,
  open: (options: RunnerOptions) => Runner | Promise<Runner>): Promise<OneJobStage> {
  await loadMaker();
  const scratch = mkdtempSync(join(tmpdir(), 'seatrial-one-job-'));
  const hosts = await createGuestbookStage(lab, 'deploy');
  await installBoth(hosts, 'deploy');
  const application = makeApplication({
    ...filesOf(hosts, (it) => { it['approval'] = { external: approvedBy }; }),
    '.github/workflows/release.yml': workflowOfPage(),
  });
  const folder = (name: string): string => {
    mkdirSync(join(scratch, name));
    return join(scratch, name);
  };
  const [bin, temporary, told] = [folder('bin'), folder('temporary'), folder('told')];
  symlinkSync(tools.node24, join(bin, 'node'));
  const key = readFileSync(hosts.production.identityFile, 'utf8');
  const runner = await open({
    application, tools, action: copyAction(folder('action')), scratch: folder('runner'),
    secrets: { SEATRIAL_SSH_KEY: key },
    vars: { SEATRIAL_KNOWN_HOSTS: knownHosts(hosts) },
    path: [bin, '/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'].join(':'),
    environment: { TMPDIR: temporary, TOLD: told, LANG: 'C.UTF-8' },
  });
  const acts = actsOf({ hosts, application, runner, told });
  return { hosts, ...acts,
    keys: () => filesWith(key.split('\n')[2] ?? key, [temporary, ...runner.temporary()]),
    async down() {
      await runner.close();
      application.remove();
      await hosts.down();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/** Its exit status says nothing here: some of what it reads goes away meanwhile. */
function filesWith(text: string, directories: readonly string[]): string[] {
  const { stdout } = spawnSync('grep', ['-rlF', '-e', text, '--', ...directories],
    { encoding: 'utf8' });
  return stdout.split('\n').filter((it) => it !== '');
}

/** What the repository has for those who use its action, and nothing else. */
function copyAction(folder: string): string {
  for (const name of ['action.yml', 'package.json', 'dist']) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  return folder;
}

function actsOf({ hosts, application, runner, told }: {
  readonly hosts: GuestbookStage; readonly runner: Runner; readonly told: string;
  readonly application: RunnerOptions['application'];
}): Pick<OneJobStage, 'release' | 'start' | 'again' | 'finish' | 'serving'> {
  const read = (name: string): string => readFileSync(join(told, name), 'utf8');
  const run = (version: string): Promise<RunningJob> => {
    rmSync(join(told, 'steps'), { force: true });
    rmSync(join(told, 'environment'), { force: true });
    return runner.start(`v${version}`);
  };
  const start: OneJobStage['start'] = (version, change) => {
    application.tag(`v${version}`, application.commit(version, change));
    return run(version);
  };
  const finish: OneJobStage['finish'] = async (job) => {
    const { green } = await job.ended;
    const hasTold = readdirSync(told).includes('steps');
    return { green, log: job.log(), environment: hasTold ? read('environment') : '',
      steps: hasTold ? JSON.parse(read('steps')) as Ended['steps'] : {} };
  };
  return { start, finish,
    release: async (version, change) => finish(await start(version, change)),
    again: async (version) => finish(await run(version)),
    async serving() {
      const answer = await hosts.output(hosts.production,
        'curl -fsS --noproxy "*" http://127.0.0.1:8080/health');
      return (JSON.parse(answer) as { version: string }).version;
    },
  };
}
