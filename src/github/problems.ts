import { SeatrialError, type Problem } from '../errors.ts';
import { answerOf, type Answer } from './answer.ts';
import type { Repository } from './github.ts';
import { freeAt, isLimited, triesMax } from './limits.ts';

/** What was asked of GitHub, for the words where it says no. */
export interface Doing {
  /** After `GitHub would not`: `make the draft of v1.2.0`. */
  readonly what: string;
  /** What the job's token needs for it. */
  readonly permission: `${string}: ${'read' | 'write'}`;
  readonly repository: Repository;
  /** Known reasons of this one request, looked at before the general ones. */
  readonly known?: readonly Known[];
  /** Where the thing itself may be gone, the sentence for a 404 or 410. */
  readonly gone?: string;
}

/** One reason that is told by a status and by GitHub's words. */
export interface Known {
  readonly status: number;
  /** Matched against the message and the details; absent: any. */
  readonly words?: RegExp;
  readonly message: string;
  readonly fix: string;
}

/** Does it, and turns GitHub's refusal into words that a person can act on. */
export async function asking<T>(doing: Doing, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw githubError(error, doing);
  }
}

/**
 * A SeatrialError where GitHub refused or was silent; anything else is given back as it is, since
 * it is an error of the world already, or a bug.
 */
export function githubError(error: unknown, doing: Doing, now = new Date()): unknown {
  const answer = answerOf(error);
  if (answer === undefined) return error;
  return new SeatrialError('refused', [problemOf(answer, doing, now)], error);
}

function problemOf(answer: Answer, doing: Doing, now: Date): Problem {
  const place = `GitHub, ${doing.repository.owner}/${doing.repository.name}`;
  const would = `GitHub would not ${doing.what}`;
  if (answer.kind === 'silent') {
    return { place, message: `no answer came when asked to ${doing.what}: ${answer.reason}`,
      fix: `Look at https://www.githubstatus.com, and at the network of the runner. ${again}` };
  }
  if (isLimited(answer)) return { place, ...limited(answer, would, now) };
  const known = doing.known?.find((it) => matches(answer, it));
  if (known !== undefined) {
    return { place, message: `${would}: ${known.message}${said(answer)}`, fix: known.fix };
  }
  return { place, ...general(answer, doing, would) };
}

type Answered = Extract<Answer, { readonly kind: 'answered' }>;
type Words = Pick<Problem, 'message' | 'fix'>;

const again = 'Then re-run the job: what was done already is found and not done twice.';

function general(answer: Answered, doing: Doing, would: string): Words {
  switch (answer.status) {
    case 401: return { message: `${would}: it does not know the token${said(answer)}`,
      fix: 'The token of a job ends with the job: hand over github-token as ${{ github.token }}. '
        + 'Elsewhere, set GITHUB_TOKEN to a token that has not expired.' };
    case 403: return { message: `${would}: the token may not${said(answer)}`,
      fix: permissionFix(doing, answer) };
    case 404: case 410: return { message: `${would}: it is not there, or the token may not see it`
      + said(answer),
    fix: `${doing.gone === undefined ? '' : `${doing.gone} `}${permissionFix(doing, answer)}` };
    case 409: return { message: `${would}: something else changed the same thing${said(answer)}`,
      fix: `Look whether another run does the same. ${again}` };
    case 422: return { message: `${would} as it was asked${said(answer)}`,
      fix: 'Read what GitHub says, and look at the page that it is about; if nothing there '
        + 'explains it, this is a bug: please report it.' };
    default: return answer.status >= 500
      ? { message: `${would}: it is in trouble itself (status ${answer.status}, tried up to `
        + `${triesMax} times)`, fix: `Look at https://www.githubstatus.com. ${again}` }
      : { message: `${would}${said(answer)}`, fix: permissionFix(doing, answer) };
  }
}

/** The line of the workflow that is missing, as it has to be written. */
export function permissionFix(doing: Pick<Doing, 'permission'>, answer?: Answered): string {
  const asked = answer?.headers['x-accepted-github-permissions'] ?? '';
  const told = /^[a-z_=,; ]{1,200}$/.test(asked) ? `\nGitHub names: ${asked}` : '';
  return 'Give the job the permission in the workflow, and where it calls a reusable workflow, '
    + `give it to the calling job:\n  permissions:\n    ${doing.permission}\n`
    + 'Naming one permission takes away those not named. A run for a pull request from a fork '
    + `has no more than read.${told}`;
}

function limited(answer: Answered, would: string, now: Date): Words {
  const free = freeAt(answer, now);
  const when = free === undefined ? 'in some minutes'
    : `at ${free.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return { message: `${would}: too many requests were made with this token${said(answer)}`,
    fix: `It answers again ${when}. ${again}` };
}

function matches(answer: Answered, known: Known): boolean {
  return answer.status === known.status && (known.words === undefined
    || [answer.message, ...answer.details].some((it) => known.words?.test(it) === true));
}

function said({ status, message, details }: Answered): string {
  const all = [message, ...details].filter((it) => it !== '').join('; ');
  return ` (${status}: ${all})`;
}
