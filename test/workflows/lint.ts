import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validate, type ActionsMetadataProvider } from '@actions/languageservice/validate';
import type { ActionMetadata } from '@actions/languageservice/action';
import type { FileProvider } from '@actions/workflow-parser/workflows/file-provider';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { parse } from 'yaml';

/** Files by path from the repository's root: what is linted, and what they use. */
export type Tree = ReadonlyMap<string, string>;

/** Inputs (required ones end in `!`) and outputs of foreign actions, as their pinned files say. */
const foreign: Readonly<Record<string, readonly [inputs: string, outputs: string]>> = {
  'actions/checkout': [
    'repository ref token path clean fetch-depth fetch-tags persist-credentials show-progress',
    'ref commit',
  ],
  'actions/setup-node': [
    'node-version node-version-file cache package-manager-cache registry-url token',
    'cache-hit node-version',
  ],
  'actions/attest': [
    'subject-path subject-digest subject-name subject-checksums predicate-type predicate '
    + 'predicate-path push-to-registry create-storage-record show-summary github-token',
    'bundle-path attestation-id attestation-url storage-record-ids',
  ],
};

export function isLinted(path: string): boolean {
  return /^\.github\/workflows\/[^/]+\.ya?ml$|^([^/]+\/)?action\.yml$/.test(path);
}

/** The repository's workflows and actions. */
export function treeOf(root: string): Tree {
  const workflows = '.github/workflows';
  const paths = [
    ...readdirSync(join(root, workflows)).map((name) => `${workflows}/${name}`),
    'action.yml',
    ...readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name))
      .map((entry) => `${entry.name}/action.yml`),
  ].filter((path) => isLinted(path) && existsSync(join(root, path)));
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

/** Everything that GitHub's own language service, and the check of outputs below, have to say. */
export async function lint(tree: Tree): Promise<string[]> {
  const found: string[] = [];
  for (const [path, text] of [...tree].filter(([name]) => isLinted(name))) {
    // The service remembers what it parsed by address: each call has its own.
    lints += 1;
    const document = TextDocument.create(`file:///${lints}/${path}`, 'yaml', 1, text);
    const diagnostics = await validate(document, providers(tree));
    found.push(...diagnostics.map((each) =>
      `${path}:${each.range.start.line + 1} ${messageOf(each.message)}`));
    found.push(...unknownOutputs(path, text, tree));
  }
  return found;
}

let lints = 0;

function messageOf(message: unknown): string {
  return typeof message === 'string' ? message : JSON.stringify(message);
}

function providers(tree: Tree): {
  actionsMetadataProvider: ActionsMetadataProvider; fileProvider: FileProvider;
} {
  return {
    actionsMetadataProvider: {
      fetchActionMetadata: ({ owner, name, path }) =>
        Promise.resolve(path === undefined || path === '' ? ofForeign(`${owner}/${name}`)
          : undefined),
    },
    fileProvider: {
      getFileContent: (reference) => {
        const content = 'repository' in reference ? undefined : tree.get(reference.path);
        if (content === undefined) return Promise.reject(new Error('no such file'));
        return Promise.resolve({ name: reference.path, content });
      },
    },
  };
}

function ofForeign(name: string): ActionMetadata | undefined {
  const known = foreign[name];
  if (known === undefined) return undefined;
  const [inputs, outputs] = known.map((each) => each.split(' '));
  return {
    name, description: '',
    inputs: Object.fromEntries((inputs ?? []).map((each) =>
      [each.replace('!', ''), { description: '', required: each.endsWith('!') }])),
    outputs: Object.fromEntries((outputs ?? []).map((each) => [each, { description: '' }])),
  };
}

interface Step { readonly id?: string; readonly uses?: string }
interface Read {
  readonly jobs?: Readonly<Record<string, { readonly steps?: readonly Step[] }>>;
  readonly runs?: { readonly steps?: readonly Step[] };
  readonly inputs?: object;
  readonly outputs?: object;
}

/**
 * The language service takes any output of a step; an action says which it has. Each job, or the
 * composite, is looked at by itself.
 */
function unknownOutputs(path: string, text: string, tree: Tree): string[] {
  const file = parse(text) as Read;
  const scopes = file.runs === undefined ? Object.values(file.jobs ?? {})
    : [{ steps: file.runs.steps ?? [], outputs: file.outputs }];
  const steps = scopes.flatMap((scope) => {
    const uses = new Map((scope.steps ?? []).map((step) => [step.id, step.uses]));
    const named = JSON.stringify(scope).matchAll(/\bsteps\.([\w-]+)\.outputs\.([\w-]+)/g);
    return [...named].flatMap(([, id = '', output = '']) => {
      if (!uses.has(id)) return [`${path} has no step '${id}'`];
      const known = outputsOf(uses.get(id), tree);
      return known === undefined || known.includes(output) ? []
        : [`${path} steps.${id} has no output '${output}'`];
    });
  });
  return [...steps, ...unknownInputs(path, file)];
}

/** The inputs of a composite, in its own text: the service looks at those of workflows only. */
function unknownInputs(path: string, file: Read): string[] {
  if (file.runs === undefined) return [];
  const known = Object.keys(file.inputs ?? {});
  return [...JSON.stringify(file).matchAll(/\binputs\.([\w-]+)/g)]
    .map(([, name = '']) => name).filter((name) => !known.includes(name))
    .map((name) => `${path} has no input '${name}'`);
}

/** Undefined: a script, which may set any. */
function outputsOf(uses: string | undefined, tree: Tree): readonly string[] | undefined {
  if (uses === undefined) return undefined;
  const own = /^[.$]\/(.*)$/.exec(uses)?.[1];
  if (own === undefined) {
    return Object.keys(ofForeign(uses.replace(/@.*/, ''))?.outputs ?? {});
  }
  const action = parse(tree.get(`${own}/action.yml`) ?? '{}') as Read;
  return Object.keys(action.outputs ?? {});
}
