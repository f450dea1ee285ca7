import type { PackageConfig } from '../config.ts';
import { oneGroupFault } from '../regexes.ts';
import { list } from '../shape/collections.ts';
import { defaulted, object, optional, required } from '../shape/object.ts';
import { text } from '../shape/scalars.ts';
import { mapped, refuse, type Shape } from '../shape/shape.ts';
import { recipe } from './recipe.ts';
import { relativeGlob, relativePath, shell, withPlaceholders } from './values.ts';

const packageText = ['version'] as const;

const glob = relativeGlob('`directory`', 'dist/**');

const globs = list(glob, { expects: 'a list of globs', min: 1 });

const versionFile = object<{ file: string; pattern: string }>({
  file: required(relativePath, 'File in the repository that holds the version.'),
  pattern: required(
    text({ expects: 'a regular expression with one group', fault: oneGroupFault }),
    'Regular expression (JavaScript); its one group is the version.'),
}, { expects: 'the keys file, pattern' });

const tagPrefix = text({
  expects: 'the beginning of a tag such as v', pattern: '^[A-Za-z0-9._][A-Za-z0-9._/@+-]*$',
});

const branch = text({
  expects: 'the name of a branch',
  pattern: '^(?!-)(?!.*\\.\\.)[A-Za-z0-9._/@+-]+$',
});

interface PackageKeys {
  readonly directory: string;
  readonly recipe: PackageConfig['recipe'];
  readonly run: string | undefined;
  readonly include: readonly string[] | undefined;
  readonly exclude: readonly string[] | undefined;
  readonly archive: string | undefined;
  readonly versions: PackageConfig['versions'];
  readonly 'tag-prefix': string;
  readonly branches: readonly string[];
}

const keys = object<PackageKeys>({
  directory: defaulted(relativePath,
    'Directory in the repository that the other keys are relative to.', '.'),
  recipe: defaulted<PackageConfig['recipe']>(recipe,
    'Edits in a clean export of the tag, before `run`.', []),
  run: optional(shell({ role: 'shell', allowed: packageText }),
    'Build command, run once in a clean export of the tag.'),
  include: optional(globs, 'Globs of what is packed; default: everything.'),
  exclude: optional(globs, 'Globs of what is left out of `include`.'),
  archive: optional(withPlaceholders(relativePath, { allowed: packageText }),
    'A tar or tar.gz that the build made; it is packed anew. {version} is allowed.'),
  versions: defaulted<PackageConfig['versions']>(
    list(versionFile, { expects: 'a list of { file, pattern }' }),
    'Files whose version must equal the tag.', []),
  'tag-prefix': defaulted(tagPrefix, 'A tag is this prefix and the version.', 'v'),
  branches: defaulted<readonly string[]>(list(branch, { expects: 'a list of branches' }),
    'The tag must be on one of these branches of the remote; empty: on any.', []),
}, { expects: 'the keys directory, recipe, run, include, exclude, archive, versions, …' });

export const packaging: Shape<PackageConfig> = mapped(keys, (it, at) => {
  if (it.archive !== undefined && (it.include ?? it.exclude) !== undefined) {
    return refuse(at, 'has `archive` and also `include` or `exclude`',
      'Keep `archive` for a tarball that the build made, the others for files.');
  }
  const { 'tag-prefix': prefix, ...rest } = it;
  return {
    ...rest, include: it.include ?? [], exclude: it.exclude ?? [], tagPrefix: prefix,
  };
});

