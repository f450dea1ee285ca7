import { substitute } from '../config/placeholders.ts';
import { SeatrialError } from '../errors.ts';
import type { Report } from './events.ts';
import { run, type Environment } from './process.ts';

export interface BuildOptions {
  /** Shell text of the user with `{version}` in it, run by `/bin/sh -e -c`. */
  readonly text: string;
  readonly cwd: string;
  /** Git looks for a repository no higher than here: a build must not find the user's own. */
  readonly ceiling: string;
  readonly version: string;
  /** Seconds since 1970, given to the build as SOURCE_DATE_EPOCH. */
  readonly epoch: number;
  readonly environment: Environment;
  readonly report: Report;
}

/**
 * What a build may see of the environment. A list of what is allowed, because a list of what is
 * secret is never complete; toolchains that setup actions install are found through these.
 */
const allowed = new Set(['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR', 'CI', 'JAVA_HOME',
  'GOROOT', 'GOPATH', 'GOFLAGS', 'pythonLocation', 'Python_ROOT_DIR', 'Python3_ROOT_DIR',
  'LD_LIBRARY_PATH', 'PKG_CONFIG_PATH', 'DOTNET_ROOT', 'CARGO_HOME', 'RUSTUP_HOME', 'GEM_HOME',
  'SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS', 'http_proxy', 'https_proxy', 'no_proxy',
  'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']);

export function buildEnvironment(options: BuildOptions): Environment {
  const kept = Object.entries(options.environment).filter(([name]) => allowed.has(name));
  return {
    ...Object.fromEntries(kept),
    GIT_CEILING_DIRECTORIES: options.ceiling,
    LC_ALL: 'C',
    SOURCE_DATE_EPOCH: String(options.epoch),
    TZ: 'UTC',
  };
}

/** Runs a build command to its end. @throws refused when it does not exit with 0. */
export async function runBuild(options: BuildOptions): Promise<void> {
  // The version has no character that means anything to a shell; see tag.ts.
  const text = substitute(options.text, { version: options.version });
  options.report({ kind: 'phase', phase: 'build', text });
  const result = await run({
    tool: '/bin/sh', arguments: ['-e', '-c', text], cwd: options.cwd,
    environment: buildEnvironment(options),
    onLine: (line) => options.report({ kind: 'output', line }),
  });
  if (result.status === 0) return;
  const how = result.status === 'signalled' ? 'was killed by a signal'
    : `ended with exit status ${result.status}`;
  throw new SeatrialError('refused', [{
    message: [`the command ${how}: ${text}`, ...result.tail.map((it) => `  | ${it}`)].join('\n'),
    place: 'package',
    fix: 'Its last lines are above. It ran in a clean export of the tag, with few variables of '
      + 'the environment: LC_ALL=C, TZ=UTC, and no tokens.',
  }]);
}
