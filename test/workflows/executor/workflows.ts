import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load, takes } from './called.ts';
import { checkout } from './checkout.ts';
import { Concurrency } from './concurrency.ts';
import { InvalidWorkflow } from './errors.ts';
import { resolve, type Values } from './expressions.ts';
import { eventOf, wantsPush } from './filters.ts';
import { NoServer } from './no-server.ts';
import type { WorkflowsOptions } from './options.ts';
import { restricted } from './permissions.ts';
import { Run } from './run.ts';
import { Sources, type Source } from './sources.ts';
import { attest, setupNode } from './stand-ins.ts';
import { mappingOf, readWorkflow } from './workflow.ts';

export interface Pushed {
  /** Who pushed. */
  readonly actor?: string;
}

/** GitHub with one repository, its workflows run on this machine. */
export class Workflows {
  readonly #options: WorkflowsOptions;
  readonly #directory = mkdtempSync(join(tmpdir(), 'workflows-'));
  readonly #concurrency = new Concurrency();
  readonly #server;
  readonly #sources: Sources;
  readonly runs: Run[] = [];
  #jobs = 0;

  constructor(options: WorkflowsOptions) {
    this.#options = options;
    this.#server = options.server ?? new NoServer();
    const { owner, name, bare } = options.repository;
    this.#sources = new Sources({
      repository: `${owner}/${name}`, bare, folders: options.folders ?? {},
      cache: join(this.#directory, 'exports'),
    });
    this.#server.connect({
      review: (review) => {
        for (const each of review.environments) this.#find(review.runId).review(each, review);
      },
      cancel: (runId) => this.#find(runId).cancel(),
    });
  }

  #find(runId: number): Run {
    const run = this.runs.find((each) => each.id === runId);
    if (run === undefined) throw new Error(`no run ${runId}`);
    return run;
  }

  /** A ref that was pushed to the bare repository; the one workflow that it starts. */
  async push(ref: string, pushed: Pushed = {}): Promise<Run> {
    const runs = await this.pushAll(ref, pushed);
    const [run] = runs;
    if (run === undefined || runs.length > 1) {
      throw new Error(`${ref} started ${runs.length} workflows`);
    }
    return run;
  }

  /** Every workflow that a pushed ref starts; its file is read from the pushed commit. */
  async pushAll(ref: string, { actor = 'pusher' }: Pushed = {}): Promise<Run[]> {
    const sha = this.#sources.resolve(ref);
    const source = this.#sources.export(ref, sha);
    const wanted: string[] = [];
    for (const [path, content] of this.#files(sha)) {
      const workflow = await readWorkflow(path, content);
      if (wantsPush(workflow.on, ref)) wanted.push(path);
    }
    const event = this.#pushEvent({ ref, sha, actor });
    return Promise.all(wanted.map((path) =>
      this.#start({ path, source, actor, eventName: 'push', event, inputs: {} })));
  }

  /** `workflow_dispatch` of one workflow file at a ref. */
  async dispatch(
    path: string,
    given: { readonly ref: string; readonly inputs?: Record<string, string | boolean | number>;
      readonly actor?: string },
  ): Promise<Run> {
    const source = this.#sources.export(given.ref, this.#sources.resolve(given.ref));
    const content = this.#files(source.sha).get(path) ?? '';
    const { on } = await readWorkflow(path, content);
    const inputs = dispatchInputs({ on, path }, given.inputs ?? {});
    const event = { inputs, ref: given.ref, workflow: path, ...this.#repositoryEvent('pusher') };
    const eventName = 'workflow_dispatch';
    return this.#start({ path, source, actor: given.actor ?? 'pusher', eventName, event, inputs });
  }

  /** Ends what still runs, and removes every folder. */
  async close(): Promise<void> {
    for (const run of this.runs) {
      run.cancel();
      for (const job of run.jobs) job.kill();
      await run.ended().catch(() => undefined);
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #start(start: Starting): Promise<Run> {
    const { source } = start;
    const loaded = await load({
      source, path: start.path, sources: this.#sources, level: 1,
      allowed: this.#options.defaultPermissions ?? restricted,
    });
    const builtins = {
      'actions/checkout': checkout(this.#options), 'actions/setup-node': setupNode,
      'actions/attest': attest(this.#server), ...this.#options.builtins,
    };
    const number = this.runs.length + 1;
    const run = new Run({
      options: this.#options, server: this.#server, sources: this.#sources,
      concurrency: this.#concurrency, directory: join(this.#directory, `run-${number}`),
      builtins: new Map(Object.entries(builtins).map(([name, each]) => [name.toLowerCase(), each])),
      loaded, runId: 7_000_000_000 + number, runNumber: number,
      eventName: start.eventName, event: start.event, inputs: start.inputs,
      ref: source.ref, sha: source.sha, actor: start.actor,
      nextJobId: () => { this.#jobs += 1; return 80_000_000_000 + this.#jobs; },
    });
    this.runs.push(run);
    run.begin();
    return run;
  }

  #files(sha: string): Map<string, string> {
    const git = (...args: string[]): string => execFileSync('git',
      ['--git-dir', this.#options.repository.bare, ...args], { encoding: 'utf8' });
    const names = git('ls-tree', '--name-only', sha, '.github/workflows/').split('\n');
    return new Map(names.filter((name) => /\.ya?ml$/.test(name))
      .map((name) => [name, git('show', `${sha}:${name}`)]));
  }

  #pushEvent({ ref, sha, actor }: { ref: string; sha: string; actor: string }): Values {
    const zero = '0'.repeat(40);
    return {
      ref, after: sha, before: zero, created: true, deleted: false, forced: false, base_ref: null,
      head_commit: { id: sha }, pusher: { name: actor }, ...this.#repositoryEvent(actor),
    };
  }

  #repositoryEvent(actor: string): Values {
    const { owner, name, defaultBranch } = this.#options.repository;
    return {
      repository: {
        id: 1, name, full_name: `${owner}/${name}`, private: false,
        owner: { login: owner, name: owner }, default_branch: defaultBranch ?? 'main',
      },
      sender: { login: actor, type: 'User' },
    };
  }
}

interface Starting {
  readonly path: string;
  readonly source: Source;
  readonly actor: string;
  readonly eventName: string;
  readonly event: Values;
  readonly inputs: Values;
}

function dispatchInputs(
  { on, path }: { readonly on: Parameters<typeof eventOf>[0]; readonly path: string },
  given: Readonly<Record<string, string | boolean | number>>,
): Values {
  if (eventOf(on, 'workflow_dispatch') === undefined) {
    throw new InvalidWorkflow(path, ["Workflow does not have 'workflow_dispatch' trigger"]);
  }
  const known = takes(on, 'inputs', 'workflow_dispatch');
  const unknown = Object.keys(given).find((name) => !known.has(name));
  if (unknown !== undefined) throw new InvalidWorkflow(path, [`Unexpected inputs: ${unknown}`]);
  return Object.fromEntries([...known].map(([name, tree]) => {
    const input = mappingOf(tree);
    const value = given[name] ?? resolve(input.get('default'), { contexts: {} });
    if (value === null && input.get('required') === true) {
      throw new InvalidWorkflow(path, [`Required input '${name}' not provided`]);
    }
    return [name, value ?? (input.get('type') === 'boolean' ? false : '')];
  }));
}

export function openWorkflows(options: WorkflowsOptions): Workflows {
  return new Workflows(options);
}
