import type { ApprovalConfig } from '../config/config.ts';
import type { Problem } from '../errors.ts';
import { SeatrialError } from '../errors.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import { approvalOf } from '../github/approvals.ts';
import { readEnvironment, ruleProblems } from '../github/approvals-environment.ts';
import type { Job } from '../github/github.ts';
import type { Release } from '../package/release.ts';
import type { Plan } from '../plan/plan.ts';
import { confirm } from './confirm.ts';
import { deployQuestion } from './deploy-question.ts';
import { receiptProblems } from './receipt-gate.ts';
import type { Acting } from './transaction.ts';
import type { World } from './world.ts';

export interface Asked {
  readonly plan: Plan;
  readonly release: Release;
}

/**
 * The last gates before anything is sent to production: the receipt, and who approves. Gives how
 * it was approved, one line for every record; undefined where that is not asked. Throws `refused`
 * with all that is missing, or `cancelled` where the person at the terminal said no.
 */
export async function passGates(acting: Acting, facts: HostFacts, asked: Asked):
Promise<string | undefined> {
  const kind = approvalKind(acting);
  const receipt = await receiptProblems(acting, facts, asked);
  const verdict = await verdictOf(acting, kind);
  const problems = [...receipt, ...verdict.problems];
  if (problems.length > 0) throw new SeatrialError('refused', problems);
  return kind?.kind === 'confirm' ? confirm(acting, deployQuestion(acting, asked.plan))
    : verdict.note;
}

/** What would stop a deployment, as far as it can be told before anybody was asked. */
export async function gateProblems(acting: Acting, facts: HostFacts, asked: Asked):
Promise<Problem[]> {
  const kind = approvalKind(acting);
  const { job } = acting.world;
  const approval = kind?.kind === 'reviewers' && job !== undefined
    ? await settingsProblems(job, acting.options.environment) : placeProblems(acting, kind);
  return [...await receiptProblems(acting, facts, asked), ...approval];
}

/**
 * How it is approved, and by the configuration's silence: by where it runs. A job whose token was
 * not handed over is a job all the same: it is refused, not let through.
 */
function approvalKind({ config, options, world }: Acting): ApprovalConfig | undefined {
  if (options.host !== 'production') return undefined;
  if (config.approval !== undefined) return config.approval;
  if (isInJob(world)) return { kind: 'reviewers' };
  return world.ask === undefined ? undefined : { kind: 'confirm' };
}

function isInJob({ job, environment }: World): boolean {
  return job !== undefined || environment['GITHUB_ACTIONS'] === 'true';
}

interface Verdict {
  readonly problems: readonly Problem[];
  readonly note?: string;
}

async function verdictOf(acting: Acting, kind: ApprovalConfig | undefined): Promise<Verdict> {
  const { options, world } = acting;
  const problems = placeProblems(acting, kind);
  if (problems.length > 0 || kind === undefined || kind.kind === 'confirm') return { problems };
  if (kind.kind === 'external') {
    return { problems, note: `approved outside of Seatrial: ${kind.reason}` };
  }
  if (world.job === undefined) return { problems };
  const verdict = await approvalOf(world.job, options.environment);
  if (verdict.kind === 'refused') return verdict;
  const { note, warnings } = verdict.approval;
  world.report({ kind: 'note', text: note });
  for (const text of warnings) world.report({ kind: 'warning', text });
  return { problems, note };
}

/** A way of approving that there is not where it runs. */
function placeProblems({ options, world }: Acting, kind: ApprovalConfig | undefined): Problem[] {
  const place = `${options.config}: approval`;
  if (kind?.kind === 'reviewers' && world.job === undefined) {
    return [{ place, message: 'production is approved by reviewers, which only a job on GitHub has',
      fix: 'Push the tag, and let the workflow deploy it. In a job, hand over github-token. To ' +
        'deploy from a terminal, write approval: confirm.' }];
  }
  if (kind?.kind !== 'confirm') return [];
  if (isInJob(world)) {
    return [{ place, message: 'production is approved by a person at the terminal, and a job has ' +
      'none',
    fix: 'Write approval: reviewers, or approval: { external: reason }.' }];
  }
  return options.yes || world.ask !== undefined ? [] : [{ place,
    message: 'production is approved by a person at the terminal, and there is none here',
    fix: 'Run it at a terminal, or answer beforehand with --yes.' }];
}

/** Before the run was approved, only the settings can be looked at. */
async function settingsProblems(job: Job, environment: string): Promise<readonly Problem[]> {
  try {
    return ruleProblems(job.github, environment, await readEnvironment(job.github, environment));
  } catch (error) {
    if (error instanceof SeatrialError) return error.problems;
    throw error;
  }
}
