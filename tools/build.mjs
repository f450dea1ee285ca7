// Compiles src to JavaScript and bundles it with ncc, without its cache (which can leak one module
// format into another), then writes what follows from the sources: every action.yml, the pages of
// their inputs, and the schema. All of it is committed; CI builds again and compares.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { minify } from 'terser';
import { writeActions } from './actions.mjs';

const root = resolve(import.meta.dirname, '..');
const require = createRequire(import.meta.url);
const scratch = join(root, '.tmp', 'build');
const out = join(root, 'dist', 'main');

const node = (script, ...words) =>
  execFileSync(process.execPath, [script, ...words], { cwd: root, stdio: 'inherit' });

/** The runtime's shell files go beside the bundle, where the code looks for them. */
function shellFiles(directory) {
  return readdirSync(directory, { recursive: true })
    .filter((name) => name.endsWith('.sh'))
    .map((name) => join(directory, name));
}

function compile() {
  rmSync(scratch, { recursive: true, force: true });
  node(join(dirname(require.resolve('typescript')), 'tsc.js'), '-p', 'tsconfig.build.json');
  cpSync(join(root, 'package.json'), join(scratch, 'package.json'));
  for (const file of shellFiles(join(root, 'src'))) {
    cpSync(file, join(scratch, relative(root, file)));
  }
}

/** ncc minifies the first chunk only; the others are loaded where GitHub is talked to. */
async function bundle() {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  node(require.resolve('@vercel/ncc/dist/ncc/cli.js'), 'build',
    join(scratch, 'src', 'entry', 'index.js'),
    '--out', out, '--no-cache', '--minify', '--license', 'licenses.txt');
  for (const name of readdirSync(out).filter((it) => /^.+\.index\.js$/.test(it))) {
    const path = join(out, name);
    const { code } = await minify(readFileSync(path, 'utf8'), { module: true });
    writeFileSync(path, code);
  }
}

compile();
await bundle();
// The step after a step: the same bundle, told by the name of its file.
writeFileSync(join(out, 'post.js'), "import './index.js';\n");
const compiled = (path) => import(pathToFileURL(join(scratch, 'src', path)).href);
writeActions(root, { ...await compiled('config/options.js'),
  ...await compiled('jobs/commands.js') });
// Editors check seatrial.yml against it; it is what the bundle itself says.
writeFileSync(join(root, 'schema', 'seatrial.schema.json'),
  execFileSync(process.execPath, [join(out, 'index.js'), 'schema']));
const sizes = readdirSync(out).filter((it) => it.endsWith('.js'))
  .map((it) => `${it} ${statSync(join(out, it)).size}`);
console.log(`dist/main: ${sizes.join(', ')}`);
