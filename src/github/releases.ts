import type { GitHub } from './github.ts';
import { draftRelease } from './release-draft.ts';
import { publishRelease } from './release-publish.ts';

/** A file that belongs to a release page. */
export interface Asset {
  readonly path: string;
  /** As it is called on the page: only letters, digits, `.`, `-`, `_`, `+`. */
  readonly name: string;
  /** Lowercase hex. */
  readonly sha256: string;
  /**
   * Whether other bytes on a published page say the same, so that nothing is wrong: a file may
   * record with which tools it was made. Absent: only equal bytes do.
   */
  readonly agrees?: (published: Buffer) => boolean;
}

export interface ReleaseWanted {
  readonly tag: string;
  /** Full commit that the tag stands for, peeled; a tag that moved is refused. */
  readonly commit: string;
  /** Heading of the page. */
  readonly title: string;
  /** Markdown. */
  readonly text: string;
  readonly prerelease: boolean;
  readonly assets: readonly Asset[];
}

export interface ReleaseFound {
  readonly id: number;
  readonly url: string;
  readonly state: 'draft' | 'published';
  /** What this call did: nothing was there, something was missing, nothing was missing. */
  readonly done: 'made' | 'completed' | 'published' | 'unchanged';
  /** What a person should look at: further drafts of the same tag, for instance. */
  readonly warnings: readonly string[];
}

/** The page of a tag, reconciled by digests (P12). */
export interface Releases {
  /** Makes the draft, or completes it. A published release with equal assets is done. */
  draft(github: GitHub, wanted: ReleaseWanted): Promise<ReleaseFound>;
  /** Verifies every asset by its digest, then publishes; published already and equal is done. */
  publish(github: GitHub, wanted: Omit<ReleaseWanted, 'title' | 'text'>): Promise<ReleaseFound>;
}

/** @param sleep waits between tries */
export function openReleases(sleep: (milliseconds: number) => Promise<void>): Releases {
  return {
    draft: (github, wanted) => draftRelease(github, wanted, sleep),
    publish: (github, wanted) => publishRelease(github, wanted),
  };
}
