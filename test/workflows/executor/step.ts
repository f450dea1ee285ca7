import type { CommandFiles } from './command-files.ts';
import { isValues, type Scope, type Value, type Values } from './expressions.ts';
import { StepError } from './errors.ts';
import {
  worse, type Annotation, type JobState, type Result, type StepResults,
} from './job-state.ts';
import type { Source } from './sources.ts';
import type { StepDefinition } from './workflow.ts';

export const annotationsPerKindMax = 10;
export const annotationLengthMax = 4096;

/** What steps of one list share: the steps of a job, or those of one composite action. */
export interface Frame {
  readonly job: JobState;
  readonly inputs: Values;
  readonly results: StepResults;
  /** What `$/` means here. */
  readonly source: Source;
  /** The composite step around these steps; none for a job's own. */
  readonly around: StepContext | undefined;
  /** Folder of the composite action. */
  readonly actionPath: string | undefined;
}

/** A step was stopped from outside. */
export class Aborted extends Error {
  readonly reason: 'cancelled' | 'timeout';
  constructor(reason: 'cancelled' | 'timeout') {
    super('The operation was canceled.');
    this.reason = reason;
  }
}

/** One step while it runs. */
export class StepContext {
  readonly frame: Frame;
  readonly definition: StepDefinition;
  readonly stage: 'main' | 'post';
  readonly name: string;
  /** `STATE_*` of the same step's post. */
  readonly state: Map<string, string>;
  result: Result | undefined;
  /** Of a composite: what `success()` in its steps looks at once the job is cancelled. */
  status: Result | undefined;
  outcome: Result | undefined;
  commandsFailed = false;
  /** Its `if` could not be asked. */
  conditionFailed = false;
  env: Record<string, string> = {};
  /** Names in `env` that the step, or a composite step around it, set by itself. */
  overrides = new Set<string>();
  deadline: number | undefined;
  files: CommandFiles | undefined;
  repository = { name: '', ref: '' };
  readonly #embedded: Annotation[] = [];
  readonly #counts = new Map<string, number>();
  #aborted: 'cancelled' | 'timeout' | undefined;
  #stop: (() => void) | undefined;

  constructor(frame: Frame, definition: StepDefinition, more: {
    readonly stage: 'main' | 'post'; readonly name: string; readonly state: Map<string, string>;
  }) {
    this.frame = frame;
    this.definition = definition;
    this.stage = more.stage;
    this.name = more.name;
    this.state = more.state;
    this.deadline = frame.around?.deadline;
  }

  get job(): JobState {
    return this.frame.job;
  }

  /** The job's step that the page shows. */
  get root(): StepContext {
    return this.frame.around?.root ?? this;
  }

  get embedded(): boolean {
    return this.frame.around !== undefined;
  }

  fail(result: Result = 'failure'): void {
    this.result = worse(this.result, result);
  }

  output(name: string, value: string): void {
    const { id } = this.definition;
    if (id === '' || this.stage === 'post') return;
    const known = this.frame.results.get(id);
    if (known === undefined) {
      this.frame.results.set(id, {
        outputs: { [name]: value }, outcome: 'success', conclusion: 'success',
      });
    } else known.outputs[name] = value;
  }

  /** Writes `outcome` and `conclusion` where other steps see them. */
  conclude(conclusion: Result | 'skipped'): void {
    const { id } = this.definition;
    if (id === '' || this.stage === 'post') return;
    const outputs = this.frame.results.get(id)?.outputs ?? {};
    this.frame.results.set(id, { outputs, outcome: this.outcome ?? conclusion, conclusion });
  }

  issue(kind: Annotation['kind'], message: string, properties: Record<string, string> = {}): void {
    const text = this.job.masks.apply(message).slice(0, annotationLengthMax);
    this.job.write(`##[${kind}]${text}`);
    const annotation = { kind, message: text, properties, step: this.root.name };
    if (this.embedded) this.root.#embedded.push(annotation);
    else this.#annotate(annotation);
  }

  /** A composite's annotations are counted on the step of the job. */
  flush(): void {
    for (const annotation of this.#embedded.splice(0)) this.#annotate(annotation);
  }

  #annotate(annotation: Annotation): void {
    const count = this.#counts.get(annotation.kind) ?? 0;
    if (count >= annotationsPerKindMax) return;
    this.#counts.set(annotation.kind, count + 1);
    this.job.annotations.push(annotation);
  }

  abort(reason: 'cancelled' | 'timeout'): void {
    this.#aborted ??= reason;
    this.#stop?.();
  }

  /** Work that an abort stops by `stop`, and that ends by itself then. */
  async stoppable<T>(stop: () => void, work: Promise<T>): Promise<T> {
    this.#stop = stop;
    if (this.#aborted !== undefined) stop();
    try {
      const end = await work;
      this.throwIfAborted();
      return end;
    } finally {
      this.#stop = undefined;
    }
  }

  throwIfAborted(): void {
    if (this.#aborted !== undefined) throw new Aborted(this.#aborted);
  }
}

/** All contexts that the text of a step may use. Composites have no secrets, vars or needs. */
export function contextsOf(step: StepContext, secrets: 'with secrets' | 'no secrets'): Values {
  const { job, frame } = step;
  const all: Record<string, Value> = { ...job.facts.contexts };
  const names = step.embedded ? ['secrets', 'vars', 'needs'] : secrets === 'no secrets'
    ? ['secrets'] : [];
  for (const name of names) delete all[name];
  return {
    ...all,
    github: githubOf(step),
    inputs: frame.inputs,
    steps: stepsContext(frame.results),
    job: { ...objectOf(all.job), status: job.status },
    env: step.env,
  };
}

export function githubOf(step: StepContext): Values {
  const { frame, job } = step;
  return {
    ...objectOf(job.facts.contexts.github),
    action: step.definition.id === '' ? '__run' : step.definition.id,
    action_repository: step.repository.name,
    action_ref: step.repository.ref,
    ...(frame.actionPath === undefined ? {} : { action_path: frame.actionPath }),
    ...step.files?.paths,
  };
}

export function stepsContext(results: StepResults): Values {
  return Object.fromEntries([...results].map(([id, result]) => [id, {
    outputs: result.outputs, outcome: result.outcome, conclusion: result.conclusion,
  }]));
}

export function objectOf(value: Value | undefined): Values {
  if (value === undefined || !isValues(value)) {
    throw new StepError('a context is no mapping');
  }
  return value;
}

/** What the `if` of a step may see and ask. */
export function conditionScope(step: StepContext): Scope {
  const { job, frame } = step;
  // Main steps of a composite ask about the composite; all others about the job.
  const asked = (): Result => frame.around !== undefined && step.stage === 'main'
    ? step.status ?? frame.around.result ?? 'success' : job.status;
  return {
    contexts: contextsOf(step, 'no secrets'),
    status: {
      success: () => asked() === 'success',
      failure: () => asked() === 'failure',
      cancelled: () => job.status === 'cancelled',
    },
  };
}
