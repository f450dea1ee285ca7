import { setTimeout as sleepFor } from 'node:timers/promises';
import { downloadArtifact, filesOfTag, type Elsewhere } from './artifact-download.ts';
import { uploadArtifact } from './artifact-upload.ts';
import type { ArtifactReference, Job } from './github.ts';

/** Raw files that jobs of one run hand to each other. */
export interface Artifacts {
  /**
   * Uploads one file under its own name; the same name in the same attempt with the same bytes is
   * done already. Throws SeatrialError, with the words for what GitHub answered.
   */
  upload(path: string): Promise<ArtifactReference>;
  /**
   * Writes the file into a directory, its digest checked, and gives its path; also when an earlier
   * attempt made it. Throws `refused` for other bytes; where it expired or is gone, says which job
   * makes it again.
   */
  download(reference: ArtifactReference, directory: string): Promise<string>;
}

export interface ArtifactOptions {
  /** What the runner tells of its services in `ACTIONS_*` and `GITHUB_*`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Days until uploads are deleted; default: as the repository is set. */
  readonly retentionDays?: number;
  /** Where the bytes of an artifact that is gone may be; default: the page of the run's tag. */
  readonly elsewhere?: Elsewhere;
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

export function openArtifacts(job: Job, options: ArtifactOptions): Artifacts {
  const { environment, retentionDays } = options;
  return {
    upload: (path) => uploadArtifact(path, { environment, retentionDays }),
    download: (reference, directory) => downloadArtifact(job, { reference, directory }, {
      sleep: options.sleep ?? sleepFor,
      elsewhere: options.elsewhere ?? filesOfTag(job),
      keptDays: environment['GITHUB_RETENTION_DAYS'] ?? '',
    }),
  };
}
