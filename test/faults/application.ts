import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../src/config/parse.ts';
import type { Config } from '../../src/config/config.ts';
import { makeDatabase } from '../transaction/databases.ts';
import { temporary, write } from '../transaction/sandbox.ts';

/** How the application is installed. */
export type Kind = 'releases' | 'in-place';

/**
 * A daemon that writes who serves into the state, as careless applications do. It ends after ten
 * minutes: a test run that is killed leaves nothing for ever.
 */
const daemon = `#!/bin/sh
root=$1 version=$2
echo "$version" >"$root/state/files/served-by"
trap 'rm -f "$root/run/app.pid"; exit 0' TERM
echo $$ >"$root/run/app.pid.new" && mv "$root/run/app.pid.new" "$root/run/app.pid"
n=0
while [ $n -lt 120 ]; do n=$((n + 1)); /bin/sleep 5 & wait $!; done
`;

const start = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
mkdir -p "$1/run"
setsid sh "$here/daemon" "$1" "$(cat "$here/../VERSION")" </dev/null >/dev/null 2>&1 &
n=0
until [ -s "$1/run/app.pid" ] || [ $n = 200 ]; do n=$((n + 1)); /bin/sleep 0.02; done
`;

const migrate = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
cat "$here/../VERSION" >"$1/state/files/schema"
rm -f "$1/state/files/only-in-"*
cp "$here/../VERSION" "$1/state/files/only-in-$(cat "$here/../VERSION")"
cp "$here/../data.db" "$1/state/data.db"
`;

/** Green only where code, state and process are of one version. */
const check = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
version=$(cat "$here/../VERSION")
[ "$(cat "$1/state/files/schema")" = "$version" ] || exit 1
[ "$(cat "$1/state/files/served-by")" = "$version" ] || exit 1
kill -s 0 "$(cat "$1/run/app.pid")"
`;

/** Writes \`generated\` by itself, as installers of packages do. */
const install = `#!/bin/sh
rm -rf "$1/generated" && mkdir "$1/generated" && cp VERSION "$1/generated/VERSION"
`;

/** The tarball of a version: what it holds stands under \`code/\` for an install in place. */
export function packRelease(kind: Kind, version: string): string {
  const directory = temporary();
  const code = join(directory, 'top', kind === 'in-place' ? 'code' : '');
  const files = { 'bin/daemon': daemon, 'bin/start': start, 'bin/migrate': migrate,
    'bin/check': check };
  for (const [name, text] of Object.entries(files)) write(join(code, name), text, 0o755);
  write(join(code, 'VERSION'), `${version}\n`);
  makeDatabase(join(code, 'data.db'), 'delete');
  write(join(directory, 'top', 'VERSION'), `${version}\n`);
  write(join(directory, 'top', 'bin/install'), install, 0o755);
  const archive = join(directory, 'release.tar.gz');
  const done = spawnSync('tar', ['-c', '-z', '-f', archive, '-C', directory, 'top']);
  if (done.status !== 0) throw new Error(done.stderr.toString());
  return archive;
}

/** What a person prepared on the host before the first deployment. */
export function prepareHost(kind: Kind, root: string, archive: string): void {
  for (const name of ['run', 'state/files', 'app/releases', 'app/shared', 'records']) {
    mkdirSync(join(root, name), { recursive: true });
  }
  write(join(root, 'app/shared/settings'), 'a person wrote this');
  write(join(root, 'state/files/uploads/one'), 'of a user');
  symlinkSync('nowhere', join(root, 'state/files/dangling'));
  write(join(root, 'state/files/schema'), '0\n');
  copyFileSync(join(archive, '../top', kind === 'in-place' ? 'code' : '', 'data.db'),
    join(root, 'state/data.db'));
  if (kind === 'in-place') {
    write(join(root, 'bin/app'), `#!/bin/sh\nexec sh ${root}/code/bin/start ${root}\n`, 0o755);
  }
}

const service = (root: string, entry: string, text: string): string => `
service:
  pidfile: ${root}/run/app.pid
  start: ${text}
  entry: ${entry}
  stop-timeout: 5s
maintenance: { on: touch ${root}/closed, off: rm -f ${root}/closed }
state:
  - directory: ${root}/state/files
  - sqlite: ${root}/state/data.db
keep: { releases: 2, rescues: 2, failed: 2 }
`;

export function configFor(kind: Kind, root: string): Config {
  const head = `application: fake\nhosts: { production: local }\nrecords: ${root}/records\n`;
  const text = kind === 'releases' ? `${head}
install:
  directory: ${root}/app
  shared: [settings]
  run: test -e VERSION
  migrate: sh {release}/bin/migrate ${root}
checks:
  - command: sh {release}/bin/check ${root}
${service(root, `${root}/app/current`, `sh {entry}/bin/start ${root}`)}` : `${head}
install:
  replaces: [{ path: ${root}/code, from: code }, ${root}/generated]
  run: sh bin/install ${root}
  migrate: sh ${root}/code/bin/migrate ${root}
checks:
  - command: sh ${root}/code/bin/check ${root}
${service(root, `${root}/bin/app`, 'sh {entry}')}`;
  const config = parseConfig(text, 'seatrial.yml');
  return { ...config, observe: { passes: 1, everySeconds: 0, withinSeconds: 5 } };
}
