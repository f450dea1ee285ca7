import type { GitHub } from './github.ts';
import type { Doing, Known } from './problems.ts';

/**
 * Why GitHub refuses things about releases. Its words were taken from runs that failed:
 * immutable releases and rulesets (ospo-reusable-workflows#83), workflow files (cli/cli#9514).
 */
const burnt: Known = {
  status: 422, words: /was used by an immutable release/i,
  message: 'this tag belonged to an immutable release, and its name can never be used again',
  fix: 'Make a new tag of a higher version, and push it.',
};
const immutable: Known = {
  status: 422, words: /immutable/i,
  message: 'the release is published and immutable',
  fix: 'It can never be changed. Make a new tag of a higher version, and push it.',
};
const ruled: Known = {
  status: 422, words: /rule violations|creations being restricted|pre_receive/i,
  message: 'a ruleset of the repository protects this tag',
  fix: 'Push the tag yourself before the release is made: then the job need not make it. Or let '
    + 'GitHub Actions bypass the rule: Settings, Rules, the ruleset, Bypass list.',
};
const noTag: Known = {
  status: 422, words: /valid tag/i,
  message: 'the tag is not there',
  fix: 'Push the tag again, the same commit, and re-run the job.',
};
const tooMany: Known = {
  status: 422, words: /file_count|too many|limited to/i,
  message: 'a release holds at most 1000 files',
  fix: 'Delete files from the release page that are not needed.',
};
const taken: Known = {
  status: 422, words: /already_exists/,
  message: 'something of this name is there already',
  fix: 'Another run may be doing the same: wait for it to end, and re-run this job.',
};
const tooLarge: Known = {
  status: 413, message: 'a file of a release is smaller than 2 GiB',
  fix: 'Make the release smaller: package.exclude leaves files out.',
};

const workflowFix = 'If the job has "permissions: contents: write" already: GitHub refuses a job\'s'
  + ' token where the release\'s commit changes files in .github/workflows against the default'
  + ' branch, and no permission helps. Merge those changes into the default branch first, or make'
  + ' the draft by hand on the release page; the job then completes it.\nElse add to the job:\n'
  + '  permissions:\n    contents: write';

const workflows = [403, 404].map((status): Known => ({
  status, message: 'the token may not make it', fix: workflowFix,
}));

const releases = [burnt, ruled, noTag, immutable, tooMany, taken, tooLarge];

/** Words for what is done to the page of a tag. */
export function releaseDoing(github: GitHub, what: string): Doing {
  return { what, permission: 'contents: write', repository: github.repository, known: releases };
}

/** Making a release has a trap of its own. */
export function makingDoing(github: GitHub, what: string): Doing {
  return { ...releaseDoing(github, what), known: [...releases, ...workflows] };
}

/** Words for looking, which needs less. */
export function lookingDoing(github: GitHub, what: string): Doing {
  return { what, permission: 'contents: read', repository: github.repository };
}
