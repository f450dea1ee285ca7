import { closeSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';

function pathOf(data, id, name) {
  return join(data, 'uploads', `${id}-${name}`);
}

/** Writes and flushes the file; to be called before the record that names it is committed. */
export function writeUpload(data, id, upload) {
  const path = pathOf(data, id, upload.name);
  const file = openSync(path, 'w', 0o600);
  try {
    let written = 0;
    while (written < upload.bytes.length) {
      written += writeSync(file, upload.bytes, written);
    }
    fsyncSync(file);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** @throws when the record's file is gone: an entry without its upload is a broken entry */
export function readUpload(data, entry) {
  return readFileSync(pathOf(data, entry.id, entry.upload));
}

/** How the page describes an upload: its name, size and digest. */
export function describeUpload(data, entry) {
  if (entry.upload === null) return 'no upload';
  const bytes = readUpload(data, entry);
  const digest = createHash('sha256').update(bytes).digest('hex');
  return `${entry.upload}, ${bytes.length} bytes, sha256 ${digest}`;
}
