import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { FakeGitHub } from './open.ts';
import type { JobOfArtifacts } from './results.ts';

export interface ChildAnswer {
  readonly ok?: { readonly id: number; readonly digest: string; readonly digestMismatch: boolean;
    readonly artifacts: readonly { readonly id: number; readonly name: string }[]; };
  readonly error?: string;
}

/** Runs the artifact library in a process of its own, as a step of a job. */
export function artifactJob(
  fake: FakeGitHub, job: JobOfArtifacts & { readonly expected?: string },
): (...words: string[]) => Promise<ChildAnswer> {
  const env = {
    PATH: process.env['PATH'] ?? '', GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_API_URL: fake.url, GITHUB_REPOSITORY: `${fake.state.owner}/${fake.state.name}`,
    GITHUB_RUN_ID: String(job.runId), ACTIONS_RESULTS_URL: fake.results.url,
    ACTIONS_RUNTIME_TOKEN: fake.results.mint(job), TOKEN: fake.job({ actions: 'read' }),
    GITHUB_WORKSPACE: '/', ...(job.expected === undefined ? {} : { EXPECTED: job.expected }),
  };
  return (...words) => new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'artifact-child.mjs'),
      ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let problems = '';
    child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString(); });
    child.stderr.on('data', (chunk: Buffer) => { problems += chunk.toString(); });
    child.on('error', reject);
    child.on('close', () => {
      const last = out.trim().split('\n').at(-1) ?? '';
      if (last.startsWith('{')) resolve(JSON.parse(last) as ChildAnswer);
      else reject(new Error(out + problems));
    });
  });
}
