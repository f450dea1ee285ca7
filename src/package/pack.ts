import { join } from 'node:path';
import { SeatrialError } from '../errors.ts';
import { readContent } from './read.ts';
import { createTarGz, type TarFile } from './tar.ts';
import type { Digest } from './gzip.ts';
import type { ManifestEntry } from './manifest.ts';
import type { TreeEntry } from './walk.ts';

export interface PackOptions {
  /** Resolved path of the tree that was walked. */
  readonly root: string;
  readonly entries: readonly TreeEntry[];
  /** The one top directory in the archive. */
  readonly top: string;
  readonly epoch: number;
  /** Must not exist; incomplete when this throws. */
  readonly file: string;
}

export interface Packed {
  readonly tar: Digest;
  readonly archive: Digest;
  /** In the order of the archive, without the top directory. */
  readonly files: readonly ManifestEntry[];
}

/** Writes the walked entries as a deterministic tar.gz and tells the digest of each file. */
export async function packTree(options: PackOptions): Promise<Packed> {
  const tar = createTarGz(options.file, options.epoch);
  try {
    await tar.add({ type: 'directory', name: options.top });
    const files: ManifestEntry[] = [];
    for (const entry of options.entries) files.push(await packEntry(tar, options, entry));
    return { ...await tar.finish(), files };
  } catch (error) {
    await tar.abandon();
    throw writeError(error) ?? error;
  }
}

/** A full disk or a missing right is of the world; anything else is a bug and stays what it is. */
export function writeError(error: unknown): SeatrialError | undefined {
  if (!(error instanceof Error) || !('syscall' in error)) return undefined;
  return new SeatrialError('refused', [{
    message: `the release cannot be written: ${error.message}`,
    fix: 'Make room, or give an output directory that may be written to. Nothing was published.',
  }], error);
}

async function packEntry(
  tar: TarFile, options: PackOptions, entry: TreeEntry,
): Promise<ManifestEntry> {
  const { path } = entry;
  const name = `${options.top}/${path}`;
  switch (entry.type) {
    case 'directory':
      await tar.add({ type: 'directory', name });
      return { path, type: 'directory', mode: '0755' };
    case 'link':
      await tar.add({ type: 'link', name, link: entry.link });
      return { path, type: 'link', link: entry.link };
    case 'file': {
      const content = readContent(join(options.root, path), path, entry.seen);
      const { bytes, body } = content;
      await tar.add({ type: 'file', name, mode: entry.mode, bytes, body });
      const mode = entry.mode === 0o755 ? '0755' : '0644';
      return { path, type: 'file', mode, bytes, sha256: content.sha256() };
    }
    default: return entry satisfies never;
  }
}
