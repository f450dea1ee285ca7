import type { ArtifactReference } from './github.ts';

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
