import { join } from 'node:path';
import { readAction, type Action } from './action.ts';
import { only, words, type Values } from './expressions.ts';
import { runBuiltin } from './run-builtin.ts';
import { runComposite } from './run-composite.ts';
import { runNode } from './run-node.ts';
import { runScript } from './run-script.ts';
import type { Planned } from './run-steps.ts';
import { usedBy, type Source, type Used } from './sources.ts';
import { contextsOf, type StepContext } from './step.ts';
import { mappingOf, type StepDefinition, type Use } from './workflow.ts';

/** Takes the posts of actions that began; the last one comes first at the job's end. */
export type Posts = Planned[];

/** A step of a job or composite as the runner would do it, its post left in `posts`. */
export function planned(definition: StepDefinition, posts: Posts): Planned {
  const { does } = definition;
  const state = new Map<string, string>();
  const name = nameOf(definition);
  const work = does.kind === 'run'
    ? (step: StepContext) => runScript(step, does)
    : (step: StepContext) => runUse(step, does, posts);
  return { definition, stage: 'main', name, if: definition.if, state, work };
}

function nameOf({ name, does }: StepDefinition): string {
  if (typeof name === 'string') return name;
  if (does.kind === 'uses') return `Run ${does.uses}`;
  const script = typeof does.script === 'string' ? does.script : '…';
  return `Run ${script.split('\n')[0] ?? ''}`;
}

async function runUse(step: StepContext, use: Use, posts: Posts): Promise<void> {
  const { source: self, job: { facts } } = step.frame;
  const used = usedBy(use.uses, { self, sources: facts.sources, builtins: facts.builtins });
  step.repository = used.kind === 'workspace' ? { name: '', ref: '' }
    : { name: used.repository, ref: used.ref };
  if (used.kind === 'builtin') return runBuiltin(step, { use, builtin: used.builtin, posts });
  const action = actionOf(step, used);
  // A local action has no repository: in it, `$/` is the workflow's.
  const source = used.kind === 'repository' ? used.source : facts.source;
  const inputs = (again: StepContext): Record<string, string> => inputsOf(again, { use, action });
  const run = { action, source, inputs, posts };
  tell(step, use, inputs(step));
  const { runs } = action;
  return runs.kind === 'composite' ? runComposite(step, { ...run, runs })
    : runNode(step, { ...run, runs });
}

/** An action that a step uses, found and read. */
export interface ActionRun<Runs> {
  readonly action: Action;
  readonly runs: Runs;
  /** What `$/` means in it. */
  readonly source: Source;
  /** Inputs as they are worth now; a post asks again. */
  readonly inputs: (step: StepContext) => Record<string, string>;
  readonly posts: Posts;
}

function actionOf(step: StepContext, used: Exclude<Used, { kind: 'builtin' }>): Action {
  const { workspace } = step.job.facts.directories;
  if (used.kind === 'workspace') {
    const directory = join(workspace, used.path);
    return readAction(directory, directory);
  }
  return readAction(join(used.source.directory, used.path), `${used.repository}/${used.path}`);
}

/** What the step gives, over the action's defaults; names without their case. */
function inputsOf(
  step: StepContext, { use, action }: { readonly use: Use; readonly action: Action },
): Record<string, string> {
  const scope = { contexts: contextsOf(step, 'with secrets') };
  const given = [...mappingOf(use.with)].map(([name, tree]) => [name, words(tree, scope)] as const);
  const isGiven = (name: string): boolean =>
    given.some(([each]) => each.toLowerCase() === name.toLowerCase());
  const names = [...action.inputs.keys()];
  const unexpected = given.map(([name]) => name)
    .filter((name) => !names.some((each) => each.toLowerCase() === name.toLowerCase()));
  if (unexpected.length > 0) {
    step.issue('warning', `Unexpected input(s) '${unexpected.join("', '")}', valid inputs are `
      + `['${names.join("', '")}']`);
  }
  for (const [name, message] of action.deprecated) {
    if (!isGiven(name)) continue;
    step.issue('warning', `Input '${name}' has been deprecated with message: ${message}`);
  }
  const defaults = [...action.inputs].filter(([name]) => !isGiven(name))
    .map(([name, tree]) => [name, words(tree, { contexts: defaultContexts(step) })] as const);
  return Object.fromEntries([...given, ...defaults]);
}

/** A default may see less than a step. */
function defaultContexts(step: StepContext): Values {
  return only(contextsOf(step, 'no secrets'),
    'github', 'strategy', 'matrix', 'job', 'runner');
}

function tell(step: StepContext, use: Use, inputs: Readonly<Record<string, string>>): void {
  const { job } = step;
  const list = (values: Readonly<Record<string, string>>): void => {
    for (const [name, value] of Object.entries(values)) {
      if (value !== '') for (const line of `  ${name}: ${value}`.split('\n')) job.write(line);
    }
  };
  job.write(`##[group]Run ${use.uses}`);
  job.write('with:');
  list(inputs);
  job.write('env:');
  list(step.env);
  job.write('##[endgroup]');
}
