import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Config, PackageConfig } from '../config/config.ts';
import { substitute } from '../config/placeholders.ts';
import { SeatrialError } from '../errors.ts';
import { runBuild } from './build.ts';
import type { Report } from './events.ts';
import { exportCommit } from './export.ts';
import { openGit, type Git } from './git.ts';
import { compileGlob } from './glob.ts';
import { archiveName, releaseName, type Manifest } from './manifest.ts';
import { openOutput, type Placed } from './output.ts';
import { packTree, type Packed } from './pack.ts';
import { kindAt, resolveInside } from './paths.ts';
import type { Environment } from './process.ts';
import { applyRecipe } from './recipe.ts';
import { chooseRemote, requireOnBranch, requireUnmoved, resolveTag } from './resolve.ts';
import { requireRefName, versionOfTag } from './tag.ts';
import { epochMax } from './tar.ts';
import { unpackBuilt } from './unpack.ts';
import { versionProblems } from './versions.ts';
import { danglingLinks, isExcluded, requireGlobs, walkTree } from './walk.ts';

interface PackingOptions {
  /** `application` and `package` are used; no `package`: the tree is packed as it is. */
  readonly config: Pick<Config, 'application' | 'package'>;
  /** Directory for the archive, its manifest and SHA256SUMS; made when absent. */
  readonly output: string;
  /** An existing, private, empty directory that the caller removes afterwards. */
  readonly scratch: string;
  /** What git and the build may take from; they see only the variables that they need. */
  readonly environment: Environment;
  /** Written into the manifest as the version of this program. */
  readonly seatrialVersion: string;
  readonly report: Report;
}

export interface PackageOptions extends PackingOptions {
  /** Path of a git work tree or a bare repository; it is only read. */
  readonly repository: string;
  /** Name or URL of a remote; undefined: `origin` if there is one, else the repository itself. */
  readonly remote: string | undefined;
  readonly tag: string;
}

export interface DirectoryOptions extends PackingOptions {
  /** A tree of the caller's own: the recipe and the build change it. */
  readonly directory: string;
  readonly version: string;
  /** Seconds since 1970 that every entry of the archive carries. */
  readonly epoch: number;
}

export interface PackagedRelease extends Placed {
  /** True: the same release was in `output` already, and nothing was written. */
  readonly unchanged: boolean;
}

const defaults: PackageConfig = {
  directory: '.', recipe: [], run: undefined, include: [], exclude: [], archive: undefined,
  versions: [], tagPrefix: 'v', branches: [],
};

/**
 * Makes a release of a tag: export, recipe, build, pack, write. Equal inputs give equal bytes.
 * Nothing appears in `output` unless all of it succeeded.
 */
export async function packageRelease(options: PackageOptions): Promise<PackagedRelease> {
  const settings = options.config.package ?? defaults;
  requireRefName('tag', options.tag);
  requireGlobs(settings);
  const version = versionOfTag(options.tag, settings.tagPrefix);
  const scratch = realpathSync(options.scratch);
  const job = { options, settings, version, scratch };
  const source = await exportTag(job);
  return packSource(job, source, () => withGit(job, (git, remote) =>
    requireUnmoved(git, remote, { tag: options.tag, commit: source.commit })));
}

/**
 * Makes a release of a directory that no tag names, where there is no git, in the same way; the
 * manifest says so. For a demonstration or a test: nobody can tell later where it came from.
 */
export async function packageDirectory(options: DirectoryOptions): Promise<PackagedRelease> {
  const { epoch } = options;
  const version = versionOfTag(options.version, '');
  const settings = options.config.package ?? defaults;
  requireGlobs(settings);
  const job = { options, settings, version, scratch: realpathSync(options.scratch) };
  const root = realpathSync(options.directory);
  return packSource(job, { root, epoch, tag: null, commit: null, gitVersion: null },
    () => Promise.resolve());
}

/** @param confirm asked last, before anything appears in `output`; throws where it must not */
async function packSource(
  job: Job, source: Source, confirm: () => Promise<void>,
): Promise<PackagedRelease> {
  const { options, settings } = job;
  const tree = await buildTree(job, source);
  const entries = walkTree(tree, settings);
  danglingLinks(entries).forEach((text) => options.report({ kind: 'warning', text }));
  const output = openOutput(options.output);
  try {
    phase(job, 'pack', `packing ${entries.length} entries`);
    const packed = await packTree({
      root: tree, entries, top: releaseName(names(job)), epoch: source.epoch, file: output.draft,
    });
    await confirm();
    const placed = await output.place(manifestOf(job, source, packed));
    phase(job, 'write', `${placed.archive} ${placed.unchanged ? 'was there already' : 'written'}, `
      + `sha256 ${placed.manifest.archive.sha256}`);
    return placed;
  } finally {
    output.close();
  }
}

interface Job<Options extends PackingOptions = PackingOptions> {
  readonly options: Options;
  readonly settings: PackageConfig;
  readonly version: string;
  readonly scratch: string;
}

type TagJob = Job<PackageOptions>;

interface Source {
  /** Resolved path of the tree. */
  readonly root: string;
  readonly epoch: number;
  readonly tag: string | null;
  readonly commit: string | null;
  readonly gitVersion: string | null;
}

function names(job: Job): { application: string; version: string } {
  return { application: job.options.config.application, version: job.version };
}

function phase(job: Job, name: 'tag' | 'export' | 'pack' | 'write', text: string): void {
  job.options.report({ kind: 'phase', phase: name, text });
}

async function withGit<T>(job: TagJob, use: (git: Git, remote: string) => Promise<T>): Promise<T> {
  const { repository, environment } = job.options;
  const git = await openGit({ repository, scratch: job.scratch, environment });
  try {
    return await use(git, chooseRemote(git, job.options.remote));
  } finally {
    git.close();
  }
}

function exportTag(job: TagJob): Promise<Source & { readonly commit: string }> {
  const { options, settings } = job;
  return withGit(job, async (git, remote) => {
    const commit = await resolveTag(git, remote, options.tag);
    await requireOnBranch(git, remote, { commit, branches: settings.branches });
    phase(job, 'tag', `${options.tag} is commit ${commit}, version ${job.version}`);
    const prefix = settings.directory === '.' ? '' : `${settings.directory}/`;
    const exclude = settings.exclude.map(compileGlob);
    const exported = await exportCommit(git, {
      remote, tag: options.tag, commit, root: join(job.scratch, 'export'),
      mayBePointer: (path) => path.startsWith(prefix)
        && isExcluded(path.slice(prefix.length), exclude),
    });
    const epoch = epochOf(options.environment, exported.committedAt);
    phase(job, 'export', `exported ${commit}, time ${new Date(epoch * 1000).toISOString()}`);
    const root = realpathSync(exported.root);
    return { root, tag: options.tag, commit, epoch, gitVersion: git.version };
  });
}

function epochOf(environment: Environment, committedAt: number): number {
  const wanted = environment['SOURCE_DATE_EPOCH'];
  const epoch = wanted === undefined || wanted === '' ? committedAt : Number(wanted);
  if (Number.isInteger(epoch) && epoch >= 0 && epoch <= epochMax
    && /^\d*$/.test(wanted ?? '')) return epoch;
  throw new SeatrialError('bad-input', [{
    message: `${wanted ?? committedAt} is not a time that an archive can carry`,
    place: wanted === undefined ? 'the commit' : 'SOURCE_DATE_EPOCH',
    fix: `Set SOURCE_DATE_EPOCH to seconds since 1970, from 0 to ${epochMax}.`,
  }]);
}

/** Recipe, versions, build; returns the resolved path of what is to be packed. */
async function buildTree(job: Job, source: Source): Promise<string> {
  const { settings, version, scratch } = job;
  const { environment, report } = job.options;
  const base = baseDirectory(source.root, settings.directory);
  const build = (text: string): Promise<void> => runBuild({
    text, cwd: base, ceiling: scratch, version, epoch: source.epoch, environment, report,
  });
  await applyRecipe({
    steps: settings.recipe, root: source.root, base, version, report, build,
    finally: () => versionProblems(base, settings.versions, version),
  });
  if (settings.run !== undefined) await build(settings.run);
  if (settings.archive === undefined) return base;
  const archive = substitute(settings.archive, { version });
  return unpackBuilt({ base, archive, into: join(scratch, 'built'), environment });
}

function baseDirectory(root: string, directory: string): string {
  const found = resolveInside(root, directory);
  if ('path' in found && kindAt(found.path) === 'directory') return realpathSync(found.path);
  throw new SeatrialError('bad-input', [{
    message: 'path' in found ? `${directory} is no directory of the tagged commit` : found.message,
    place: 'package.directory',
    fix: 'Give a directory of the repository, relative to its top.',
  }]);
}

function manifestOf(job: Job, source: Source, packed: Packed): Manifest {
  return {
    schema: 1,
    ...names(job),
    tag: source.tag,
    commit: source.commit,
    sourceDateEpoch: source.epoch,
    archive: {
      file: archiveName(names(job)),
      format: 'tar.gz',
      bytes: packed.archive.bytes,
      sha256: packed.archive.sha256,
      tarSha256: packed.tar.sha256,
    },
    files: [...packed.files],
    tools: {
      seatrial: job.options.seatrialVersion,
      node: process.versions.node,
      zlib: process.versions.zlib,
      git: source.gitVersion,
    },
  };
}
