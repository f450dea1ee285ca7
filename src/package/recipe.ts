import type { RecipeStep } from '../config/config.ts';
import { substitute } from '../config/placeholders.ts';
import { SeatrialError, type Problem } from '../errors.ts';
import { copyInto } from './copy.ts';
import { unifiedDiff, type EditedFile } from './diff.ts';
import { findTarget, rawOf, replaceFound, valueOf, type Found, type Target } from './edits.ts';
import type { Report } from './events.ts';
import { readTextFile, writeTextFile, type TextFile } from './text-file.ts';

export interface RecipeOptions {
  readonly steps: readonly RecipeStep[];
  /** Resolved path of the exported tree. */
  readonly root: string;
  /** Resolved path of package.directory in it. */
  readonly base: string;
  readonly version: string;
  readonly report: Report;
  /** Runs a command of the user in `base`; throws when it fails. */
  readonly build: (text: string) => Promise<void>;
  /** More to be checked once all edits are made; its problems are told with the recipe's. */
  readonly finally: () => Problem[];
}

/** What one run of a recipe has done so far. */
interface Bench {
  readonly options: RecipeOptions;
  readonly edited: Map<string, EditedFile>;
  readonly problems: Problem[];
  copyFailed: boolean;
}

type SetStep = Extract<RecipeStep, { kind: 'set' }>;
type EnsureStep = Extract<RecipeStep, { kind: 'ensure' }>;

/**
 * Applies the steps in order to the exported tree and reports all edits as one diff.
 * @throws refused with every problem of all steps up to the first `run` after one: a command of
 * the user never runs on a tree that is known to be wrong.
 */
export async function applyRecipe(options: RecipeOptions): Promise<void> {
  const bench: Bench = { options, edited: new Map(), problems: [], copyFailed: false };
  for (const [index, step] of options.steps.entries()) {
    const place = `package.recipe[${index}]`;
    if (step.kind !== 'run') applyStep(bench, step, place);
    else {
      conclude(bench);
      await options.build(step.run);
    }
  }
  bench.problems.push(...options.finally());
  conclude(bench);
}

/** Tells the edits made since the last time, and stops when anything went wrong. */
function conclude(bench: Bench): void {
  const text = unifiedDiff([...bench.edited.values()]);
  bench.edited.clear();
  if (text !== '') bench.options.report({ kind: 'diff', text });
  if (bench.problems.length > 0) throw new SeatrialError('refused', bench.problems);
}

function applyStep(bench: Bench, step: Exclude<RecipeStep, { kind: 'run' }>, place: string): void {
  switch (step.kind) {
    case 'copy': {
      const { root, base } = bench.options;
      const problems = copyInto({ root, base, from: step.from, to: step.to, place });
      bench.copyFailed ||= problems.length > 0;
      bench.problems.push(...problems);
      if (problems.length === 0) phase(bench, `copied ${step.from.join(', ')} to ${step.to}`);
      return;
    }
    case 'set': return applySet(bench, step, place);
    case 'ensure': return applyEnsure(bench, step, place);
    default: return step satisfies never;
  }
}

function applySet(bench: Bench, step: SetStep, place: string): void {
  const target: Target = { kind: step.target, name: step.name };
  const located = locate(bench, { file: step.file, target, place });
  if (located !== undefined) replace(bench, { ...located, file: step.file, to: step.to });
}

function applyEnsure(bench: Bench, step: EnsureStep, place: string): void {
  const target: Target = { kind: 'variable', name: step.variable };
  const located = locate(bench, { file: step.file, target, place });
  if (located === undefined) return;
  const { found } = located;
  const at = `${step.file}:${found.line}`;
  const [raw, value] = [rawOf(found), valueOf(found)];
  if (step.accept.includes(raw) || step.accept.includes(value)) {
    phase(bench, `${at}: ${step.variable} is ${raw} already`);
  } else if (step.otherwise === undefined) {
    bench.problems.push({
      message: `${step.variable} is ${raw}, accepted is ${step.accept.join(' or ')}`,
      place: at,
      fix: 'Correct it in the repository and tag again, or give the step an `else:` value.',
    });
  } else replace(bench, { ...located, file: step.file, to: step.otherwise });
}

interface Located {
  readonly opened: TextFile;
  readonly found: Found;
}

interface Wanted {
  readonly file: string;
  readonly target: Target;
  readonly place: string;
}

/** The one place where the target has a value; none or several is a problem that names them. */
function locate(bench: Bench, wanted: Wanted): Located | undefined {
  const opened = readTextFile(bench.options.base, wanted.file);
  if (!('text' in opened)) {
    // A file that a failed copy should have brought would only be told twice.
    if (!bench.copyFailed) bench.problems.push({ place: wanted.place, ...opened });
    return undefined;
  }
  const all = find(opened.text, wanted);
  if (!Array.isArray(all)) bench.problems.push(all);
  else if (all.length === 1 && all[0] !== undefined) return { opened, found: all[0] };
  else bench.problems.push(all.length === 0 ? noMatch(wanted) : manyMatches(wanted, all));
  return undefined;
}

function find(text: string, wanted: Wanted): Found[] | Problem {
  try {
    return findTarget(text, wanted.target);
  } catch (cause) {
    return {
      message: `the pattern is not a regular expression: ${String(cause)}`, place: wanted.place,
    };
  }
}

function describe(target: Target): string {
  switch (target.kind) {
    case 'variable': return `${target.name} = …`;
    case 'argument': return `${target.name}=… in a call`;
    case 'pattern': return `/${target.name}/`;
    default: return target.kind satisfies never;
  }
}

function noMatch(wanted: Wanted): Problem {
  return {
    message: `nothing matches ${describe(wanted.target)} (${wanted.place})`,
    place: wanted.file,
    fix: 'It must be there exactly once; comment lines do not count. Correct the name.',
  };
}

function manyMatches(wanted: Wanted, all: readonly Found[]): Problem {
  const lines = all.map((it) => `\n  ${wanted.file}:${it.line}: ${it.text.trim().slice(0, 160)}`);
  return {
    message: `${describe(wanted.target)} matches ${all.length} times, not once (${wanted.place})`
      + lines.join(''),
    place: wanted.file,
    fix: 'Use a `pattern` that matches only the one that is meant.',
  };
}

interface Replacement extends Located {
  readonly file: string;
  readonly to: string;
}

function replace(bench: Bench, change: Replacement): void {
  const { opened, found, file } = change;
  const place = `${file}:${found.line}`;
  if (!found.literal) {
    bench.problems.push({
      message: `the value is an expression, not a plain one: ${rawOf(found).slice(0, 160)}`,
      place,
      fix: 'Make it a plain value in the source, or use a `pattern` with one group around it.',
    });
    return;
  }
  const to = substitute(change.to, { version: bench.options.version });
  const text = replaceFound(opened.text, found, to);
  if (typeof text !== 'string') {
    bench.problems.push({ ...text, place });
    return;
  }
  writeTextFile(opened, text);
  const before = bench.edited.get(file)?.before ?? opened.text;
  bench.edited.set(file, { file, before, after: text });
  if (text === opened.text) phase(bench, `${place}: is ${to} already`);
}

function phase(bench: Bench, text: string): void {
  bench.options.report({ kind: 'phase', phase: 'recipe', text });
}
