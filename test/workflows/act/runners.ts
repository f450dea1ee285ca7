import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ApplicationRepository } from '../chain/application.ts';
import { NoServer } from '../executor/no-server.ts';
import { openWorkflows } from '../executor/workflows.ts';
import type { Tools } from './tools.ts';

/** One job on some server: how the two implementations are asked the same. */
export interface Runner {
  /** Runs the workflow that a pushed tag starts. */
  start(tag: string): Promise<RunningJob>;
  /** Directories in which it keeps what is of jobs. */
  temporary(): string[];
  close(): Promise<void>;
}

export interface RunningJob {
  /** What people see, without what the runner puts before each line. */
  log(): string;
  cancel(): void;
  readonly ended: Promise<{ readonly green: boolean }>;
}

export interface RunnerOptions {
  readonly application: ApplicationRepository;
  readonly tools: Tools;
  /** Folder of the action: `action.yml` and its bundle. */
  readonly action: string;
  /** Where the runner may put what is its own. */
  readonly scratch: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>>;
  /** Of every step. */
  readonly environment: Readonly<Record<string, string>>;
  readonly path: string;
}

export const actionName = 'seatrial/seatrial';
export const actionRef = 'v1';

/** nektos/act in host mode, without Docker, a network and a token. */
export function actRunner(options: RunnerOptions): Runner {
  const { application, tools, scratch, secrets, vars } = options;
  const pairs = (flag: string, values: Readonly<Record<string, string>>): string[] =>
    Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
  return {
    start(tag) {
      const event = join(scratch, 'event.json');
      // It evaluates no filter of tags, and takes the ref from here.
      writeFileSync(event, JSON.stringify({ ref: `refs/tags/${tag}` }));
      const child = spawn(tools.act, ['push', '--platform', 'ubuntu-latest=-self-hosted',
        '--eventpath', event, '--no-cache-server', '--action-cache-path', join(scratch, 'cache'),
        '--local-repository', `${actionName}@${actionRef}=${options.action}`,
        ...pairs('--secret', secrets), ...pairs('--var', vars)], {
        cwd: application.tree, stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...options.environment, PATH: options.path, HOME: scratch,
          ACT_DISABLE_VERSION_CHECK: '1' } });
      let log = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => { log += text; });
      }
      return Promise.resolve({
        log: () => log.replace(/^\[[^\]]*\] +(\| )?/gm, ''),
        cancel: () => { child.kill('SIGINT'); },
        ended: once(child, 'close').then(([status]) => ({ green: status === 0 })),
      });
    },
    temporary: () => [scratch],
    close: () => Promise.resolve(),
  };
}

/** A server that is not GitHub: jobs have a token, artifacts there are none, its API is another. */
class OtherServer extends NoServer {
  override readonly urls;

  constructor(api: string) {
    super();
    this.urls = { server: 'https://git.example.org', api, graphql: `${api}/graphql`,
      results: 'http://127.0.0.1:9/' };
  }
}

/** The tests' own executor, as another server. */
export async function executorRunner(options: RunnerOptions): Promise<Runner> {
  const { application, tools, secrets, vars, environment, path } = options;
  const api = createServer((_, answer) => {
    answer.writeHead(404, { 'content-type': 'application/json' }).end('{"message":"Not Found"}');
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
  const { port } = api.address() as AddressInfo;
  const workflows = openWorkflows({
    repository: { owner: 'octo', name: 'guestbook', bare: application.bare },
    server: new OtherServer(`http://127.0.0.1:${port}`),
    folders: { [actionName]: options.action }, nodes: { node24: tools.node24 },
    secrets, vars, path, env: { ...environment, HOME: options.scratch },
  });
  return {
    async start(tag) {
      const run = await workflows.push(`refs/tags/${tag}`);
      return {
        log: () => run.jobs.map((it) => it.log).join('\n'),
        cancel: () => { run.cancel(); },
        ended: run.ended().then(() => ({ green: run.conclusion === 'success' })),
      };
    },
    temporary: () => workflows.runs.flatMap((run) => run.jobs)
      .map((job) => join(job.workspace, '../../_temp')).filter((it) => existsSync(it)),
    async close() {
      await workflows.close();
      api.close();
    },
  };
}
