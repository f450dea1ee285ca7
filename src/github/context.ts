import type { GitHub, Job, Repository } from './github.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** `octo/guestbook`; undefined for anything else. */
export function repositoryOf(text: string | undefined): Repository | undefined {
  const [, owner, name] = /^([A-Za-z0-9-]+)\/([A-Za-z0-9._-]+)$/.exec(text ?? '') ?? [];
  return owner === undefined || name === undefined ? undefined : { owner, name };
}

/**
 * The job as the runner tells of it in `GITHUB_*`
 * (https://docs.github.com/actions/reference/workflows-and-actions/variables).
 * Undefined where the runner tells too little to know the run.
 */
export function jobOf(environment: Environment, github: GitHub): Job | undefined {
  const runId = Number(environment['GITHUB_RUN_ID']);
  const attempt = Number(environment['GITHUB_RUN_ATTEMPT'] ?? '1');
  const isKnown = Number.isSafeInteger(runId) && runId > 0 && Number.isSafeInteger(attempt);
  if (!isKnown) return undefined;
  const actor = environment['GITHUB_ACTOR'] ?? '';
  return {
    github, runId, attempt, actor,
    triggeringActor: environment['GITHUB_TRIGGERING_ACTOR'] ?? actor,
    sha: environment['GITHUB_SHA'] ?? '',
    ref: environment['GITHUB_REF'] ?? '',
    url: `${runUrl(github, runId)}/attempts/${attempt}`,
  };
}

/**
 * Whether files can go from job to job here. @actions/artifact asks the same of the server's name
 * (actions/toolkit:packages/artifact/src/internal/shared/config.ts); other servers have artifacts
 * of an older kind, or none.
 */
export function hasArtifacts(environment: Environment, { serverUrl }: GitHub): boolean {
  const { hostname } = new URL(serverUrl);
  return (environment['ACTIONS_RUNTIME_TOKEN'] ?? '') !== ''
    && /^(github\.com|.+\.ghe\.com|.+\.localhost)$/.test(hostname);
}

export function runUrl({ serverUrl, repository }: GitHub, runId: number): string {
  return `${serverUrl}/${repository.owner}/${repository.name}/actions/runs/${runId}`;
}
