import { raw, type Command } from '../../src/command/command.ts';
import type { Plan, Step } from '../../src/plan/plan.ts';

/** Which version serves in the end, whole: code, state, process, entry. */
export type Serving = 'old' | 'new';

export interface Case {
  readonly name: string;
  readonly plan: Plan;
  /** How the first life of the program may end; more than one where a race decides. */
  readonly ends: readonly string[];
  readonly serving: Serving;
  /** After the first life every process goes, and what lives in memory. */
  readonly powerCut: boolean;
  /** It asks for a person first; then `mended` is made and a person says go on. */
  readonly asks: boolean;
}

function act(text: string): Command {
  return { argv: [raw(`{ ${text}\n}`, 'a fault')] };
}

/** Only the first time: a recovery must get past it. */
function once(text: string): Command {
  return act(`[ -e "$RUN_DIR/fault" ] || { : >"$RUN_DIR/fault"; ${text}; }`);
}

const fails = act('false');
const failsOnce = once('false');
const failsUntilMended = act('[ -e "$RUN_DIR/mended" ]');
const signalled = act('sh -c \'kill -s SEGV $PPID\'; sleep 5');
/** The step goes on as an orphan. */
const killProgram = once('kill -s KILL $$; sleep 0.1');
/** The program and its step at one instant. */
const killAll = once('kill -s KILL 0; sleep 5');

type Change = (acts: readonly Command[]) => Command[];

const before = (fault: Command): Change => (acts) => [fault, ...acts];
const after = (fault: Command): Change => (acts) => [...acts, fault];
/** Between the first act and the others. */
const inside = (fault: Command): Change => (acts) => [...acts.slice(0, 1), fault, ...acts.slice(1)];

function changed(plan: Plan, id: string, change: Partial<Record<'do' | 'undo', Change>>): Plan {
  return { ...plan, steps: plan.steps.map((step): Step => (step.id !== id ? step : {
    ...step,
    do: change.do?.(step.do) ?? step.do,
    undo: change.undo?.(step.undo) ?? step.undo,
  })) };
}

const plain = { powerCut: false, asks: false };

/** How much of the matrix: a fault that only differs in its instant is left out of `short`. */
export type Extent = 'long' | 'short';

type Make = (name: string, change: Change, rest: Pick<Case, 'ends'> & Partial<Case>) => Case;

/** The do of one step goes wrong in every way. */
function doFaults(plan: Plan, step: Step, extent: Extent): Case[] {
  if (step.do.length === 0) return [];
  const commits = step.phase === 'admit';
  const make: Make = (name, change, rest) => ({ name: `${step.id}: ${name}`, ...plain,
    plan: changed(plan, step.id, { do: change }), serving: commits ? 'new' : 'old', ...rest });
  const died = { ends: [commits ? 'done' : step.phase === 'window' ? 'restored' : 'cancelled'] };
  const failed = { ends: [step.phase === 'window' ? 'restored' : 'refused'] };
  const short = [
    commits ? make('fails always', after(failsUntilMended), { ...died, asks: true })
      : make('fails after it has acted', after(fails), failed),
    make('all killed half-way', inside(killAll), died),
    make('power cut', after(killAll), { ...died, powerCut: true }),
  ];
  if (extent === 'short') return short;
  return [
    ...short,
    ...(commits ? [make('fails once', before(failsOnce), died)] : [
      make('fails', before(fails), failed),
      make('killed by a signal', inside(signalled), failed),
    ]),
    make('program killed, the step goes on', before(killProgram), died),
    make('all killed before', before(killAll), died),
  ];
}

/** The undo of one step goes wrong, after the very last step of the window has failed. */
function undoFaults(plan: Plan, step: Step, extent: Extent): Case[] {
  if (step.undo.length === 0) return [];
  const doomed = changed(plan, 'verify', { do: after(fails) });
  const make = (name: string, change: Change, rest: Partial<Case> = {}): Case => ({
    name: `undo of ${step.id}: ${name}`, plan: changed(doomed, step.id, { undo: change }),
    ends: ['restored'], serving: 'old', ...plain, ...rest,
  });
  const short = [
    make('fails always', after(failsUntilMended), { asks: true }),
    make('power cut', inside(killAll), { powerCut: true }),
  ];
  return extent === 'short' ? short : [
    ...short,
    make('fails once', before(failsOnce)),
    make('all killed after', after(killAll)),
    make('program killed, the undo goes on', before(killProgram)),
  ];
}

/** For every step of the plan, every fault. */
export function everyFault(plan: Plan, extent: Extent = 'long'): Case[] {
  return plan.steps.flatMap((step) =>
    [...doFaults(plan, step, extent), ...undoFaults(plan, step, extent)]);
}

/** Everything dies when the journal has its n-th line, going forward or back. */
export function killsAtEachLine(plan: Plan, lines: readonly number[],
  way: 'forward' | 'back'): (Case & { readonly extra: string })[] {
  return lines.map((line) => ({
    extra: killAtLine(line),
    name: `${way}, all killed at line ${line}`,
    plan: way === 'forward' ? plan : changed(plan, 'verify', { do: after(fails) }),
    // What the journal says decides: looked up by the runner.
    ends: ['cancelled', 'restored', 'done', 'refused'],
    serving: way === 'forward' ? 'new' : 'old',
    powerCut: line % 2 === 0,
    asks: false,
  }));
}

/** Shell text that kills everything at the n-th line; it stands in for the flush of the journal. */
function killAtLine(line: number): string {
  return `flush() {
  [ "$1" = "$JOURNAL" ] && [ "$(wc -l <"$JOURNAL")" = ${line} ] || return 0
  [ ! -e "$RUN_DIR/fault" ] || return 0
  : >"$RUN_DIR/fault"
  kill -s KILL 0
}`;
}
