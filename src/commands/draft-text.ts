import type { Manifest } from '../package/manifest.ts';
import { sumsName } from '../package/manifest.ts';

/** Heading of the page of a release. */
export function pageTitleOf({ application, version }: Manifest): string {
  return `${application} ${version}`;
}

/** Its text: what is there, and how anybody finds out that it is what was installed. */
export function pageTextOf(manifest: Manifest): string {
  const { archive, commit, version } = manifest;
  return [
    `Version ${version}, made of commit ${commit ?? 'unknown'}.`,
    '',
    '| file | sha256 |',
    '| --- | --- |',
    `| \`${archive.file}\` | \`${archive.sha256}\` |`,
    `| the tar inside it | \`${archive.tarSha256}\` |`,
    '',
    'To verify it, download all files of this page into one directory, and there:',
    '',
    '```sh',
    `sha256sum --check ${sumsName}`,
    '```',
    '',
    `The manifest lists each of the ${manifest.files.length} entries of the tarball with its`
      + ' sha256. The hosts that Seatrial installs it on verify the same digest.',
  ].join('\n');
}
