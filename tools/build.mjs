// Compiles src to JavaScript and bundles each entry with ncc, without its cache (which can leak
// one module format into another). The result is committed; CI builds again and compares.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const require = createRequire(import.meta.url);
const scratch = join(root, '.tmp', 'build');
const entries = { cli: 'cli.js' };

const node = (script, ...words) =>
  execFileSync(process.execPath, [script, ...words], { cwd: root, stdio: 'inherit' });

/** The runtime's shell files go beside the bundle, where the code looks for them. */
function shellFiles(directory) {
  return readdirSync(directory, { recursive: true })
    .filter((name) => name.endsWith('.sh'))
    .map((name) => join(directory, name));
}

rmSync(scratch, { recursive: true, force: true });
rmSync(join(root, 'dist'), { recursive: true, force: true });
node(join(dirname(require.resolve('typescript')), 'tsc.js'), '-p', 'tsconfig.build.json');
cpSync(join(root, 'package.json'), join(scratch, 'package.json'));
for (const file of shellFiles(join(root, 'src'))) {
  cpSync(file, join(scratch, relative(root, file)));
}
for (const [name, file] of Object.entries(entries)) {
  const out = join(root, 'dist', name);
  node(require.resolve('@vercel/ncc/dist/ncc/cli.js'), 'build', join(scratch, 'src', 'entry', file),
    '--out', out, '--no-cache', '--minify', '--license', 'licenses.txt');
  console.log(`${name}: ${readdirSync(out).map((it) =>
    `${it} ${statSync(join(out, it)).size}`).join(', ')}`);
}
// Editors check seatrial.yml against it; it is what the bundle itself says.
const bundle = join(root, 'dist', 'cli', 'index.js');
writeFileSync(join(root, 'schema', 'seatrial.schema.json'),
  execFileSync(process.execPath, [bundle, 'schema']));
