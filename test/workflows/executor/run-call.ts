import { takes, type Loaded } from './called.ts';
import { InvalidWorkflow, NotSupported } from './errors.ts';
import {
  resolve, words, wordsOf, type Scope, type Value, type Values,
} from './expressions.ts';
import { displayName } from './job-facts.ts';
import { jobHolds, jobPermissions, together, type NodeEnd, type Place } from './nodes.ts';
import { runJobs, type Node } from './schedule.ts';
import { mappingOf, type Call } from './workflow.ts';

interface Calling {
  readonly call: Call;
  readonly scope: Scope;
  readonly ancestors: readonly NodeEnd[];
  readonly before: NodeEnd | undefined;
}

/** A job that is another workflow: its jobs run as if they were this run's own. */
export async function runCall(node: Node, calling: Calling): Promise<NodeEnd> {
  const { place, definition } = node;
  const loaded = place.loaded.calls.get(definition.id);
  if (loaded === undefined) throw new TypeError(`${definition.id} was not loaded`);
  if (definition.strategy !== undefined) throw new NotSupported('a matrix of a called workflow');
  const wishes = [definition.concurrency, loaded.workflow.concurrency];
  if (wishes.some((each) => each !== undefined)) {
    throw new NotSupported('concurrency of a call or a called workflow as a whole');
  }
  const inside = placeOf(node, calling, loaded);
  const ends = await runJobs(inside);
  const ran = ends.some((each) => each.ran);
  if (!ran && calling.before !== undefined) return { ...calling.before, ran };
  const result = together(ends.map((each) => each.result));
  const { ancestors } = calling;
  return {
    id: definition.id, result, outputs: outputsOf(inside, ends), ancestors, ran, legs: new Map(),
  };
}

function placeOf({ place, definition, key }: Node, calling: Calling, loaded: Loaded): Place {
  const { call, scope } = calling;
  const inherits = call.secrets === 'inherit';
  const contexts: Values = { ...scope.contexts, strategy: {}, matrix: {} };
  const always = place.attempt.run.options.environmentSecretsInCalls === 'always';
  const name = displayName(definition, { contexts, suffix: '' });
  return {
    attempt: place.attempt, loaded, prefix: `${key}/`, fresh: calling.before === undefined,
    title: `${place.title}${name} / `,
    inputs: inputsOf(loaded, call, { contexts }),
    secrets: inherits ? place.secrets : Object.fromEntries([...mappingOf(call.secrets)]
      .map(([secret, tree]) => [secret,
        words(tree, { contexts: { ...contexts, secrets: { ...place.secrets } } })])),
    environmentSecrets: place.environmentSecrets && (inherits || always),
    allowed: jobPermissions(place, definition),
    callersHold: () => jobHolds(definition, scope) && place.callersHold(),
  };
}

function inputsOf({ workflow }: Loaded, call: Call, scope: Scope): Values {
  const given = new Map([...mappingOf(call.with)]
    .map(([name, tree]) => [name.toLowerCase(), resolve(tree, scope)] as const));
  return Object.fromEntries([...takes(workflow.on, 'inputs')].map(([name, tree]) => {
    const input = mappingOf(tree);
    const value = given.get(name.toLowerCase())
      ?? resolve(input.get('default'), scope) ?? emptyOf(input.get('type'));
    const type = wordsOf(resolve(input.get('type'), scope));
    return [name, typed(value, { type, name, path: workflow.path })];
  }));
}

function emptyOf(type: unknown): Value {
  if (type === 'boolean') return false;
  return type === 'number' ? 0 : '';
}

function typed(
  value: Value, { type, name, path }: { type: string; name: string; path: string },
): Value {
  if (type === 'string') return wordsOf(value);
  if (typeof value === type) return value;
  throw new InvalidWorkflow(path, [`input '${name}' is no ${type}: ${wordsOf(value)}`]);
}

/** `on.workflow_call.outputs`, out of the outputs of its jobs. */
function outputsOf({ loaded, inputs, attempt }: Place, ends: readonly NodeEnd[]) {
  const jobs = Object.fromEntries(ends.map((each) =>
    [each.id, { result: each.result, outputs: each.outputs }]));
  const contexts = { jobs, inputs, vars: { ...attempt.run.options.vars }, github: {} };
  return Object.fromEntries([...takes(loaded.workflow.on, 'outputs')].flatMap(([name, tree]) => {
    const value = words(mappingOf(tree).get('value'), { contexts });
    return value === '' ? [] : [[name, value]];
  }));
}
