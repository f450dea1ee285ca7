import { readdirSync, readFileSync, lstatSync } from 'node:fs';
import { join, dirname, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import ts from 'typescript';

/**
 * The layout, import directions and sizes of docs/architecture.md, enforced.
 * There is no exception list: a limit adopted late never holds.
 */
const root = resolve(import.meta.dirname, '..');
const fileLinesMax = 300;
const functionLinesMax = 60;
const lineColumnsMax = 100;
const unread = new Set(['node_modules', 'dist', '.git', 'coverage', '.tmp']);

/** Which folder of src may import which others; a leaf is a file directly in src. */
const leaves = ['errors.ts', 'secret.ts'];
const mayImport: Record<string, readonly string[]> = {
  command: [],
  config: [],
  host: ['command'],
  facts: ['command', 'config', 'state', 'host/transport.ts'],
  state: ['command', 'config'],
  steps: ['command', 'config', 'facts', 'state'],
  plan: ['command', 'config', 'facts', 'state', 'steps'],
  parity: ['config', 'facts'],
  trial: ['command', 'config', 'facts', 'state', 'steps', 'plan', 'parity'],
  transaction: ['command', 'host', 'state', 'plan/plan.ts', 'report/events.ts'],
  copy: ['command', 'config', 'state', 'host', 'transaction/compile.ts', 'report/events.ts'],
  package: ['command', 'config'],
  github: ['config', 'report/text.ts'],
  init: ['command', 'config', 'host/transport.ts'],
  jobs: ['*'],
  report: ['report', 'plan/plan.ts', 'trial', 'github/releases.ts', 'package/package.ts'],
  demo: ['config', 'report', 'package', 'run.ts', 'commands/world.ts', 'trial/rehearsal.ts'],
  'run.ts': ['*'],
  commands: ['*'],
  entry: ['run.ts', 'config', 'report', 'demo', 'commands', 'jobs', 'github', 'host'],
};

function walk(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (unread.has(entry.name)) return [];
    const path = join(directory, entry.name);
    return entry.isDirectory() ? walk(path) : [path];
  });
}

const all = walk(root);
const sources = all.filter((path) => /\.(ts|mjs)$/.test(path) && !path.endsWith('.d.ts'));
const product = sources.filter((path) => relative(root, path).startsWith('src/'));

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
}

function linesOf(file: ts.SourceFile, node: ts.Node): number {
  const first = file.getLineAndCharacterOfPosition(node.getStart()).line;
  return file.getLineAndCharacterOfPosition(node.end).line - first + 1;
}

/** Tests are functions of their own: what holds them is measured without them. */
function linesOfTests(file: ts.SourceFile, inside: ts.Node): number {
  let lines = 0;
  const visit = (node: ts.Node): void => {
    const isTest = ts.isCallExpression(node)
      && /^(describe|it|test)\b/.test(node.expression.getText(file));
    if (isTest) lines += linesOf(file, node);
    else ts.forEachChild(node, visit);
  };
  ts.forEachChild(inside, visit);
  return lines;
}

function longFunctions(path: string): string[] {
  const file = parse(path);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const lines = linesOf(file, node) - linesOfTests(file, node);
      const first = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      if (lines > functionLinesMax) found.push(`${relative(root, path)}:${first} ${lines}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function importsOf(path: string): string[] {
  return parse(path).statements
    .filter((node) => ts.isImportDeclaration(node) || ts.isExportDeclaration(node))
    .map((node) => node.moduleSpecifier)
    .filter((node) => node !== undefined)
    .filter((node) => ts.isStringLiteral(node))
    .map((node) => node.text)
    .filter((text) => text.startsWith('.'));
}

function wrongImports(path: string): string[] {
  const here = relative(join(root, 'src'), path);
  const layer = here.split('/')[0] ?? '';
  if (leaves.includes(layer)) return importsOf(path).map((to) => `${here} -> ${to}`);
  const allowed = mayImport[layer];
  if (allowed === undefined) return [`${here}: '${layer}' is no folder of the architecture`];
  return importsOf(path)
    .map((to) => relative(join(root, 'src'), resolve(dirname(path), to)))
    .filter((to) => !leaves.includes(to) && to.split('/')[0] !== layer)
    .filter((to) => !allowed.some((it) => it === '*' || to === it || to.startsWith(`${it}/`)))
    .map((to) => `${here} -> ${to}`);
}

describe('the tree', () => {
  it('has no symbolic link: a dangling one breaks "Set up job" for every user', () => {
    expect(all.filter((path) => lstatSync(path).isSymbolicLink())).toEqual([]);
  });

  it('keeps files, functions and lines short', () => {
    const files = [...sources, ...all.filter((path) => path.endsWith('.sh'))];
    const long = files.filter((path) => path.startsWith(root)).flatMap((path) => {
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
      const wide = lines.flatMap((line, index) =>
        line.length > lineColumnsMax ? [`${relative(root, path)}:${index + 1} is wide`] : []);
      return lines.length > fileLinesMax
        ? [...wide, `${relative(root, path)} has ${lines.length} lines`] : wide;
    });
    expect(long).toEqual([]);
    expect(sources.filter((path) => path.endsWith('.ts')).flatMap(longFunctions)).toEqual([]);
  });

  it('imports in one direction only', () => {
    expect(product.flatMap(wrongImports)).toEqual([]);
  });

  it('touches argv, the environment and exit in src/entry only', () => {
    const impure = /process\.(argv|env|exit\b|exitCode)|@actions\/core/;
    expect(product
      .filter((path) => !relative(root, path).startsWith('src/entry/'))
      .filter((path) => impure.test(readFileSync(path, 'utf8')))
      .map((path) => relative(root, path))).toEqual([]);
  });

  it('reveals secrets in src/host and src/github only', () => {
    expect(product
      .filter((path) => !/^src\/(host\/|github\/|secret\.ts)/.test(relative(root, path)))
      .filter((path) => readFileSync(path, 'utf8').includes('.reveal()'))
      .map((path) => relative(root, path))).toEqual([]);
  });

  it('has entry files of at most 40 lines', () => {
    expect(product
      .filter((path) => relative(root, path).startsWith('src/entry/'))
      .filter((path) => readFileSync(path, 'utf8').trimEnd().split('\n').length > 40)
      .map((path) => relative(root, path))).toEqual([]);
  });
});
