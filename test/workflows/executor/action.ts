import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NoOperationTraceWriter } from '@actions/workflow-parser';
import { parseAction } from '@actions/workflow-parser/actions/index';
import { InvalidWorkflow, NotSupported, StepError } from './errors.ts';
import { Fields, treeOf, type Tree } from './tree.ts';
import { mappingOf, stepsOf, type StepDefinition } from './workflow.ts';

/** An `action.yml`, read. */
export interface Action {
  /** The folder that holds it. */
  readonly directory: string;
  /** Defaults by the name as written; an input without one is the empty string. */
  readonly inputs: ReadonlyMap<string, Tree>;
  readonly deprecated: ReadonlyMap<string, string>;
  readonly runs: Composite | NodeProgram;
}

export interface Composite {
  readonly kind: 'composite';
  readonly steps: readonly StepDefinition[];
  readonly outputs: ReadonlyMap<string, Tree>;
}

export interface NodeProgram {
  readonly kind: 'node';
  readonly node: 'node20' | 'node24';
  readonly main: string;
  readonly post: string | undefined;
  readonly postIf: Tree | undefined;
}

/** Throws StepError where there is no action, as "Set up job" does. */
export function readAction(directory: string, said: string): Action {
  const path = ['action.yml', 'action.yaml'].map((name) => join(directory, name)).find(existsSync);
  if (path === undefined) {
    throw new StepError(`Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '${said}'. `
      + 'Did you forget to run actions/checkout before running your local action?');
  }
  const content = readFileSync(path, 'utf8');
  const parsed = parseAction({ name: path, content }, new NoOperationTraceWriter());
  const problems = parsed.context.errors.getErrors().map((error) => error.message);
  if (parsed.value === undefined || problems.length > 0) throw new InvalidWorkflow(path, problems);
  const root = new Fields(treeOf(parsed.value), path);
  root.skip('name', 'description', 'author', 'branding');
  const inputs = [...mappingOf(root.take('inputs'))];
  const outputs = new Map([...mappingOf(root.take('outputs'))]
    .map(([name, tree]) => [name, mappingOf(tree).get('value') ?? null]));
  const runs = runsOf(new Fields(root.take('runs'), `${path}: runs`), outputs);
  root.done();
  return {
    directory, runs,
    inputs: new Map(inputs.map(([name, tree]) => [name, mappingOf(tree).get('default') ?? ''])),
    deprecated: new Map(inputs.flatMap(([name, tree]) => {
      const message = mappingOf(tree).get('deprecationMessage');
      return typeof message === 'string' ? [[name, message]] : [];
    })),
  };
}

function runsOf(runs: Fields, outputs: ReadonlyMap<string, Tree>): Action['runs'] {
  const using = runs.text('using');
  if (using === 'composite') {
    const steps = stepsOf(runs.take('steps'), 'runs.steps');
    runs.done();
    return { kind: 'composite', steps, outputs };
  }
  if (using !== 'node20' && using !== 'node24') throw new NotSupported(`runs.using: ${using}`);
  const program: NodeProgram = {
    kind: 'node', node: using,
    main: runs.text('main') ?? '', post: runs.text('post'), postIf: runs.take('post-if'),
  };
  runs.done();
  return program;
}
