import type { Builtin, BuiltinCall } from './builtins.ts';
import { NotSupported, StepError, messageOf } from './errors.ts';
import { words } from './expressions.ts';
import type { Posts } from './run-action.ts';
import { contextsOf, githubOf, type StepContext } from './step.ts';
import { mappingOf, type Use } from './workflow.ts';

interface BuiltinRun {
  readonly use: Use;
  readonly builtin: Builtin;
  readonly posts: Posts;
}

export async function runBuiltin(step: StepContext, run: BuiltinRun): Promise<void> {
  const { builtin, use } = run;
  step.job.write(`##[group]Run ${use.uses}`);
  step.job.write('##[endgroup]');
  if (builtin.post !== undefined) {
    const post = builtin.post.bind(builtin);
    run.posts.push({
      definition: step.definition, stage: 'post', name: `Post ${step.name}`, if: 'always()',
      state: step.state, work: (later) => settle(later, post(callOf(later, run))),
    });
  }
  await settle(step, builtin.main(callOf(step, run)));
}

/** A stand-in cannot be interrupted: it is done soon. */
async function settle(step: StepContext, work: Promise<void>): Promise<void> {
  try {
    await step.stoppable(() => undefined, work);
  } catch (error) {
    if (error instanceof Error && 'stderr' in error) throw new StepError(messageOf(error));
    throw error;
  }
}

function callOf(step: StepContext, { builtin, use }: BuiltinRun): BuiltinCall {
  const scope = { contexts: contextsOf(step, 'with secrets') };
  const given = [...mappingOf(use.with)].map(([name, tree]) => [name, words(tree, scope)] as const);
  const unknown = given.find(([name]) => !(name in builtin.inputs));
  if (unknown !== undefined) throw new NotSupported(`input '${unknown[0]}' of ${use.uses}`);
  return {
    inputs: { ...builtin.inputs, ...Object.fromEntries(given) },
    github: githubOf(step),
    facts: step.job.facts,
    state: step.state,
    output: (name, value) => step.output(name, value),
    log: (line) => step.job.write(line),
  };
}
