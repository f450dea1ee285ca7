import type { Result } from '../commands/world.ts';
import type { Job } from '../github/github.ts';
import type { Outputs } from './outputs.ts';

const shownCharacters = 12;

/** What the approver asks next, as Markdown below the verdict of a rehearsal. */
export function forApprover(result: Result, job: Job, outputs: Outputs): string {
  if (result.kind !== 'rehearsal') return '';
  const { serverUrl, repository: { owner, name } } = job.github;
  const report = outputs['report'];
  return [
    ...(report === undefined ? [] : [`[All of this as a page](${report})`]),
    ...(/^[0-9a-f]{40,64}$/.test(job.sha)
      ? [`[commit ${job.sha.slice(0, shownCharacters)}](${serverUrl}/${owner}/${name}/commit/${
        job.sha})`] : []),
    result.rehearsal.verdict === 'passed'
      ? 'to let production have it: *Review deployments*, above on this page'
      : 'production will not be asked for',
  ].join(' · ');
}
