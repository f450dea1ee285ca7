import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';

/**
 * Runs before all host tests (globalSetup of vitest): everything that is missing, at once, and
 * always as a failure. A required test that is skipped would say nothing and look like success.
 */
export default function setup(): void {
  const message = describeMissing(look());
  if (message !== undefined) throw new Error(message);
}

export interface Machine {
  readonly isRoot: boolean;
  /** Programs of packages.txt that are absent, with the Debian package of each. */
  readonly missing: readonly Requirement[];
  readonly hasOverlay: boolean;
  /** Whether version 2 of cgroups is mounted, alone or beside version 1. */
  readonly hasCgroups: boolean;
  /** As `uname -r` prints it. */
  readonly kernel: string;
}

export interface Requirement {
  readonly program: string;
  readonly package: string;
}

/** The places that a test host sees too: a program in /usr/local would not be there. */
const directories = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Every program that the host tests need. */
export function requirements(): Requirement[] {
  return readFileSync(join(import.meta.dirname, 'packages.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [program = '', name = ''] = line.split(' ');
      return { program, package: name };
    });
}

/** What is missing, as one message for the person who has to install it. */
export function describeMissing(machine: Machine): string | undefined {
  const problems = [
    ...(machine.isRoot ? [] : ['They need root: run `sudo npm run test:hosts`.']),
    ...(machine.missing.length === 0 ? [] : [describePrograms(machine.missing)]),
    ...(machine.hasOverlay ? [] : ['This kernel has no overlay file system.']),
    ...(machine.hasCgroups ? [] : ['No cgroup2 file system is mounted under /sys/fs/cgroup.']),
    ...(isOld(machine.kernel) ? [`Linux ${machine.kernel} is older than 5.14.`] : []),
  ];
  return problems.length === 0 ? undefined
    : ['The host tests cannot run on this machine.', ...problems].join('\n');
}

function describePrograms(missing: readonly Requirement[]): string {
  const programs = missing.map(({ program }) => program).join(', ');
  const packages = [...new Set(missing.map((it) => it.package))].join(' ');
  return `Not in ${directories.join(', ')}: ${programs}. Install them with\n` +
    `  apt-get install --yes --no-install-recommends ${packages}`;
}

/** The cgroup file that ends a whole tree at once came with Linux 5.14. */
function isOld(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map(Number);
  return major < 5 || (major === 5 && minor < 14);
}

function look(): Machine {
  return {
    isRoot: process.getuid?.() === 0,
    missing: requirements().filter(({ program }) => !isInstalled(program)),
    hasOverlay: hasOverlay(),
    hasCgroups: / \/sys\/fs\/cgroup(\/unified)? cgroup2 /
      .test(readFileSync('/proc/self/mounts', 'utf8')),
    kernel: release(),
  };
}

function hasOverlay(): boolean {
  const known = (): boolean => /\toverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'));
  // A module is loaded when it is first used; until then the kernel does not list it.
  if (!known()) spawnSync('modprobe', ['overlay']);
  return known();
}

/** A Python module has no program: it is named by its path. */
function isInstalled(program: string): boolean {
  const paths = program.startsWith('/') ? [program]
    : directories.map((directory) => join(directory, program));
  return paths.some((path) => {
    try {
      accessSync(path, program.startsWith('/') ? constants.R_OK : constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
