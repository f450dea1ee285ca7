import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow }
  from '@actions/workflow-parser';
import { ErrorPolicy } from '@actions/workflow-parser/model/convert';
import { InvalidWorkflow, NotSupported } from './errors.ts';
import { Fields, isList, isMap, treeOf, type Mapping, type Tree } from './tree.ts';

/** One workflow file, read; expressions are still in it. */
export interface Workflow {
  /** `.github/workflows/release.yml` */
  readonly path: string;
  readonly name: string;
  readonly on: Tree;
  readonly env: Tree | undefined;
  readonly defaults: Tree | undefined;
  readonly permissions: Tree | undefined;
  readonly concurrency: Tree | undefined;
  /** In the order of the file. */
  readonly jobs: readonly JobDefinition[];
}

export interface JobDefinition {
  readonly id: string;
  readonly name: Tree | undefined;
  readonly needs: readonly string[];
  readonly if: Tree | undefined;
  readonly permissions: Tree | undefined;
  readonly strategy: Tree | undefined;
  readonly concurrency: Tree | undefined;
  readonly does: Call | Body;
}

/** A job that is another workflow. */
export interface Call {
  readonly kind: 'call';
  readonly uses: string;
  readonly with: Tree | undefined;
  readonly secrets: Tree | undefined;
}

export interface Body {
  readonly kind: 'steps';
  readonly environment: Tree | undefined;
  readonly env: Tree | undefined;
  readonly defaults: Tree | undefined;
  readonly outputs: Tree | undefined;
  readonly timeoutMinutes: Tree | undefined;
  readonly cancelTimeoutMinutes: Tree | undefined;
  readonly continueOnError: Tree | undefined;
  readonly steps: readonly StepDefinition[];
}

export interface StepDefinition {
  /** Empty where the file gives none. */
  readonly id: string;
  readonly name: Tree | undefined;
  readonly if: Tree | undefined;
  readonly env: Tree | undefined;
  readonly timeoutMinutes: Tree | undefined;
  readonly continueOnError: Tree | undefined;
  readonly does: Script | Use;
}

export interface Script {
  readonly kind: 'run';
  readonly script: Tree;
  readonly shell: Tree | undefined;
  readonly directory: Tree | undefined;
}

export interface Use {
  readonly kind: 'uses';
  readonly uses: string;
  readonly with: Tree | undefined;
}

/** Throws InvalidWorkflow for what GitHub would refuse, NotSupported for what we leave out. */
export async function readWorkflow(path: string, content: string): Promise<Workflow> {
  const parsed = parseWorkflow({ name: path, content }, new NoOperationTraceWriter());
  if (parsed.value !== undefined) {
    await convertWorkflowTemplate(parsed.context, parsed.value, undefined,
      { errorPolicy: ErrorPolicy.TryConversion });
  }
  const problems = parsed.context.errors.getErrors().map((error) => error.message);
  if (parsed.value === undefined || problems.length > 0) throw new InvalidWorkflow(path, problems);
  const root = new Fields(treeOf(parsed.value), path).skip('run-name', 'description');
  const jobs = root.take('jobs');
  const workflow = {
    path,
    name: root.text('name') ?? path,
    on: root.take('on') ?? null,
    env: root.take('env'),
    defaults: root.take('defaults'),
    permissions: root.take('permissions'),
    concurrency: root.take('concurrency'),
    jobs: [...(isMap(jobs) ? jobs : new Map<string, Tree>())].map(([id, job]) => jobOf(id, job)),
  };
  root.done();
  return workflow;
}

function jobOf(id: string, tree: Tree): JobDefinition {
  const job = new Fields(tree, `jobs.${id}`);
  const needs = job.take('needs');
  const common = {
    id,
    name: job.take('name'),
    needs: needs === undefined ? [] : (isList(needs) ? needs : [needs]).map(String),
    if: job.take('if'),
    permissions: job.take('permissions'),
    strategy: job.take('strategy'),
    concurrency: job.take('concurrency'),
  };
  const uses = job.text('uses');
  const does = uses === undefined ? bodyOf(job, id) : {
    kind: 'call' as const, uses, with: job.take('with'), secrets: job.take('secrets'),
  };
  job.done();
  return { ...common, does };
}

function bodyOf(job: Fields, id: string): Body {
  job.skip('runs-on');
  const steps = job.take('steps');
  return {
    kind: 'steps',
    environment: job.take('environment'),
    env: job.take('env'),
    defaults: job.take('defaults'),
    outputs: job.take('outputs'),
    timeoutMinutes: job.take('timeout-minutes'),
    cancelTimeoutMinutes: job.take('cancel-timeout-minutes'),
    continueOnError: job.take('continue-on-error'),
    steps: stepsOf(steps, `jobs.${id}.steps`),
  };
}

/** Steps of a job or of a composite action: their keys are the same, their contexts are not. */
export function stepsOf(tree: Tree | undefined, where: string): StepDefinition[] {
  return (isList(tree) ? tree : []).map((each, index) => stepOf(each, `${where}[${index}]`));
}

function stepOf(tree: Tree, where: string): StepDefinition {
  const step = new Fields(tree, where);
  const uses = step.text('uses');
  const does: Script | Use = uses === undefined
    ? { kind: 'run', ...scriptOf(step, where) }
    : { kind: 'uses', uses, with: step.take('with') };
  const definition = {
    id: step.text('id') ?? '',
    name: step.take('name'),
    if: step.take('if'),
    env: step.take('env'),
    timeoutMinutes: step.take('timeout-minutes'),
    continueOnError: step.take('continue-on-error'),
    does,
  };
  step.done();
  return definition;
}

function scriptOf(step: Fields, where: string): Omit<Script, 'kind'> {
  const script = step.take('run');
  if (script === undefined) throw new NotSupported(`${where} that neither runs nor uses`);
  return { script, shell: step.take('shell'), directory: step.take('working-directory') };
}

export function mappingOf(tree: Tree | undefined): Mapping {
  return isMap(tree) ? tree : new Map<string, Tree>();
}
