import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const source = resolve(import.meta.dirname, '../../src');

/**
 * Writes `src` as JavaScript, with its shell parts, into `folder`, for tests that need a process of
 * its own to kill.
 */
export function transpile(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const entry of readdirSync(source, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if (entry.name.endsWith('.sh')) {
      mkdirSync(resolve(folder, path.slice(source.length + 1), '..'), { recursive: true });
      copyFileSync(path, join(folder, path.slice(source.length + 1)));
    }
    if (!entry.name.endsWith('.ts')) continue;
    const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true, rewriteRelativeImportExtensions: true,
      },
    });
    const to = join(folder, path.slice(source.length + 1).replace(/\.ts$/, '.js'));
    mkdirSync(resolve(to, '..'), { recursive: true });
    writeFileSync(to, outputText);
  }
}
