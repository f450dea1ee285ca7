import type { RawOptions } from '../config/options.ts';
import { SeatrialError } from '../errors.ts';
import { type Result, type World } from '../run.ts';
import { again, brokenRelease, firstRelease, refusedMigration, refusedRelease, upgrade, type Act,
  type Left, type Played } from './acts.ts';
import { claim } from './claims.ts';
import { loadMaker, type Maker } from './examples.ts';
import { keep, type Keepsakes } from './keepsakes.ts';
import { actText, endingText, openingText } from './screen.ts';
import { openStage, type Stage } from './stage.ts';

/**
 * A guestbook in a temporary directory: deployed, upgraded, broken, restored. Ends well only when
 * all that it shows was found to be so; otherwise it throws. The directory is kept, no process is.
 */
export async function demo(options: RawOptions, world: World): Promise<Result> {
  requireLinux(process.platform);
  return play({ options, world, maker: await loadMaker() });
}

export function requireLinux(platform: string): void {
  if (platform === 'linux') return;
  throw new SeatrialError('refused', [{
    message: `the demonstration deploys to this machine, and ${platform} cannot be deployed to`,
    fix: 'Run it on Linux: a virtual machine, WSL, or a container with Node.js and npm.',
  }]);
}

interface Playing {
  readonly options: RawOptions;
  readonly world: World;
  /** Makes the releases; version 3.0.0 of it must break old records. */
  readonly maker: Maker;
}

export async function play(playing: Playing): Promise<Result> {
  const { options, world } = playing;
  const started = world.clock();
  const stage = await openStage(playing);
  if (!options.json) print(world, openingText(stage.directory));
  let acts: readonly Timed[];
  try {
    acts = await playActs(playing, stage);
  } catch (error) {
    await close(stage, world).catch(() => undefined);
    throw withDirectory(world.cancel.aborted ? cancelled() : error, stage);
  }
  const [, second, , fourth] = acts;
  const kept = keep(stage, summaryOf(second), summaryOf(fourth));
  await close(stage, world);
  const seconds = (world.clock() - started) / 1_000;
  print(world, options.json ? jsonText(acts, kept, seconds) : endingText(kept, seconds));
  return { kind: 'printed' };
}

interface Timed {
  readonly act: Act;
  readonly seconds: number;
}

/** One after the other, each on what the one before it left; each is printed when it is over. */
async function playActs({ options, world }: Playing, stage: Stage): Promise<Timed[]> {
  const acts: Timed[] = [];
  const scene = { stage, world };
  const next = async (work: () => Promise<Played>): Promise<Left> => {
    const number = acts.length + 1;
    if (world.cancel.aborted) throw cancelled();
    world.report({ kind: 'activity', text: `act ${number}: making the release` });
    const started = world.clock();
    const { act, left } = await work();
    const seconds = (world.clock() - started) / 1_000;
    acts.push({ act, seconds });
    if (!options.json) print(world, actText(number, act, seconds));
    return left;
  };
  const first = await next(() => firstRelease(scene));
  const second = await next(() => upgrade(scene, first));
  const third = await next(() => refusedRelease(scene, second));
  const fourth = await next(() => brokenRelease(scene, third));
  const fifth = await next(() => refusedMigration(scene, fourth));
  await next(() => again(scene, fifth));
  return acts;
}

async function close(stage: Stage, world: World): Promise<void> {
  world.report({ kind: 'activity', text: 'stopping the guestbook' });
  const ended = await stage.close();
  world.report({ kind: 'activity', text: '' });
  claim(ended, 'no process of the demonstration is left', `process ${stage.pid() ?? 0}`);
}

function cancelled(): SeatrialError {
  return new SeatrialError('cancelled', 'the demonstration was cancelled');
}

function summaryOf(timed: Timed | undefined): Act['summary'] {
  if (timed === undefined) throw new Error('an act is missing');
  return timed.act.summary;
}

/** An error tells where to look: the directory is kept. */
function withDirectory(error: unknown, stage: Stage): unknown {
  if (!(error instanceof SeatrialError)) return error;
  return new SeatrialError(error.kind, [...error.problems, {
    message: 'the guestbook is stopped; the logs are in reports/', place: stage.directory,
    fix: `Remove it when you have read them: rm -rf ${stage.directory}`,
  }], error);
}

function print(world: World, text: string): void {
  world.report({ kind: 'activity', text: '' });
  world.print(text);
}

/** One line, as every command prints it with --json. */
function jsonText(acts: readonly Timed[], kept: Keepsakes, seconds: number): string {
  return `${JSON.stringify({
    format: 1, command: 'demo', seconds, ...kept,
    acts: acts.map(({ act, seconds: took }, index) => ({
      act: index + 1, title: act.title, version: act.summary.version ?? null, end: act.summary.end,
      seconds: took, windowSeconds: act.summary.windowSeconds ?? null,
      reason: act.summary.reason ?? null, run: act.summary.run ?? null,
      facts: act.facts, lines: act.lines })),
  })}\n`;
}
