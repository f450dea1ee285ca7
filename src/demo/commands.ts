import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openConsole, type Console } from '../report/console.ts';
import type { ReportEvent, VerdictEvent } from '../report/events.ts';
import { summaryJson } from '../report/json.ts';
import { summaryMarkdown } from '../report/markdown.ts';
import { run, type World } from '../run.ts';
import type { Deployed, Permit, Rehearsed, StageInput } from './stage.ts';

const logColumns = 200;

export interface Deploying {
  readonly directory: string;
  readonly config: string;
  readonly act: number;
  readonly archive: string;
  readonly by: Permit;
}

/** `seatrial deploy`, as from the command line. */
export async function deployed(input: StageInput, deploying: Deploying): Promise<Deployed> {
  const { options } = input;
  const { config, archive, by } = deploying;
  const stem = stemOf(deploying);
  const verdicts: VerdictEvent[] = [];
  let inWindow = false;
  const { log, world } = logged(input, deploying, (event) => {
    if (event.kind === 'milestone') inWindow = event.name === 'window';
    if (event.kind === 'verdict' && inWindow) verdicts.push(event);
  });
  const result = await run('deploy', { ...options, config, release: archive, host: 'production',
    receipt: by.receipt, 'accept-unrehearsed': by.unrehearsed }, world);
  if (result.kind !== 'summary') throw new Error('a deployment gave no summary');
  log.finish(result.summary);
  writeFileSync(`${stem}.md`, summaryMarkdown(result.summary));
  writeFileSync(`${stem}.json`, `${summaryJson(result.summary)}\n`);
  return { summary: result.summary, verdicts };
}

/** `seatrial rehearse`, as from the command line. */
export async function rehearsed(input: StageInput, deploying: Deploying): Promise<Rehearsed> {
  const { options } = input;
  const { config, archive } = deploying;
  const stem = `${stemOf(deploying)}-rehearsal`;
  const began = input.world.clock();
  const { log, world } = logged(input, deploying, () => undefined);
  const result = await run('rehearse', { ...options, config, release: archive,
    receipt: `${stem}.json`, page: `${stem}.html` }, world);
  if (result.kind !== 'rehearsal') throw new Error('a rehearsal gave no result');
  log.finishRehearsal(result.rehearsal, result);
  return { ...result, log: readFileSync(`${stemOf(deploying)}.log`, 'utf8'),
    seconds: (input.world.clock() - began) / 1_000 };
}

function stemOf({ directory, act }: Deploying): string {
  return join(directory, 'reports', `act-${act}`);
}

/** A world whose events go to a file, and in short to the live line. */
function logged(input: StageInput, deploying: Deploying, hear: (event: ReportEvent) => void):
{ readonly log: Console; readonly world: World } {
  const { options, world } = input;
  const { directory, act } = deploying;
  const log = openConsole({
    write: (text) => appendFileSync(`${stemOf(deploying)}.log`, text), isTerminal: false,
    columns: logColumns, color: false, verbose: true, fence: false, now: world.clock });
  const report = (event: ReportEvent): void => {
    log.report(event);
    hear(event);
    if (options.verbose) world.report(event);
    else if (event.kind === 'step' && /begin$/.test(event.state)) {
      const title = event.title.replaceAll(`${directory}/production/srv/guestbook/`, '')
        .replaceAll(`${directory}/staging/srv/guestbook/`, '');
      world.report({ kind: 'activity', text: `act ${act}: ${title}` });
    }
  };
  // Nobody is asked, also at a terminal and in a job: what is deployed to is the demonstration's.
  return { log, world: { ...world, report, ask: undefined, job: undefined } };
}
