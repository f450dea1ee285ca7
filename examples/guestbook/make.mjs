import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = import.meta.dirname;

/** The versions that can be made. Each lies over the one before it. */
export const versions = ['1.0.0', '2.0.0', '3.0.0', '4.0.0'];

function installedSqlite() {
  const main = createRequire(import.meta.url).resolve('node-sqlite3-wasm');
  return join(dirname(main), '..');
}

/**
 * Copies SQLite and mends one function of the copy. Asked "does anybody hold a writer's lock?",
 * node-sqlite3-wasm 0.8.60 looks whether the lock directory exists, which it always does, because
 * the asker has just made it. SQLite then takes the journal of a killed process for one in use and
 * never rolls it back: half a transaction becomes data. As the lock is exclusive, a connection that
 * holds it knows that nobody else writes.
 */
function copySqlite(from, to) {
  mkdirSync(join(to, 'dist'), { recursive: true });
  for (const name of ['LICENSE', 'package.json', 'dist/node-sqlite3-wasm.wasm']) {
    cpSync(join(from, name), join(to, name));
    chmodSync(join(to, name), 0o644);
  }
  const head = 'function _nodejsCheckReservedLock(fi,outResult){';
  const parts = readFileSync(join(from, 'dist/node-sqlite3-wasm.js'), 'utf8').split(head);
  if (parts.length !== 2) throw new Error(`${from}: not the node-sqlite3-wasm that is known here`);
  const mend = 'if(_isLocked(fi)){setValue(outResult,0,"i32");return SQLITE_OK}';
  writeFileSync(join(to, 'dist/node-sqlite3-wasm.js'), parts.join(`${head}${mend}`));
}

/**
 * Writes the release tree of one version: complete in itself, the same bytes each time.
 * @param version one of `versions`
 * @param target a directory that does not exist yet, or is empty
 * @param sqlite the package node-sqlite3-wasm; by default the one installed above this file
 */
export function makeRelease(version, target, sqlite = installedSqlite()) {
  const index = versions.indexOf(version);
  if (index < 0) throw new Error(`no version '${version}': ${versions.join(', ')}`);
  cpSync(join(here, 'app'), target, { recursive: true });
  for (let overlay = 2; overlay <= index + 1; overlay += 1) {
    cpSync(join(here, 'versions', String(overlay)), target, { recursive: true });
  }
  chmodSync(join(target, 'bin/guestbook'), 0o755);
  copySqlite(sqlite, join(target, 'vendor/node-sqlite3-wasm'));
  const about = { name: 'guestbook', version, private: true, type: 'module' };
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(about, undefined, 2)}\n`);
}

/**
 * `seatrial.yml` for one host's directory, from `seatrial.yml.in`.
 * @param settings `root`: absolute directory that holds `production/`; `port`, `privatePort`,
 *   `stagingPort`, `stagingPrivatePort`; `node`: absolute path of node
 */
export function makeConfiguration(settings) {
  const values = {
    ROOT: settings.root, PORT: settings.port, PRIVATE_PORT: settings.privatePort,
    STAGING_PORT: settings.stagingPort, STAGING_PRIVATE_PORT: settings.stagingPrivatePort,
    NODE: settings.node,
  };
  return readFileSync(join(here, 'seatrial.yml.in'), 'utf8')
    .replace(/@([A-Z_]+)@/g, (_, name) => {
      if (values[name] === undefined) throw new Error(`seatrial.yml.in: @${name}@ is unknown`);
      return String(values[name]);
    });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [version, target] = process.argv.slice(2);
  if (target === undefined) {
    console.error(`usage: node make.mjs ${versions.join('|')} DIRECTORY`);
    process.exitCode = 2;
  } else if (existsSync(join(target, 'package.json'))) {
    console.error(`${target} holds a release already`);
    process.exitCode = 1;
  } else {
    makeRelease(version, target);
  }
}
