import { readFileSync, statSync, writeFileSync } from 'node:fs';
import type { Problem } from '../errors.ts';
import { kindAt, resolveInside } from './paths.ts';

/** A text whose bytes come back unchanged where it was not edited, whatever its encoding. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
  readonly encoding: 'utf8' | 'latin1';
}

const textBytesMax = 16 * 1024 * 1024;

/** Reads a file of the exported tree, named relative to `base`, a resolved path. */
export function readTextFile(base: string, file: string): TextFile | Problem {
  const place = resolveInside(base, file);
  if (!('path' in place)) return place;
  const found = kindAt(place.path);
  if (found === 'absent') {
    return { message: 'no such file', place: file, fix: 'Correct the path, or copy it first.' };
  }
  const stat = statSync(place.path);
  if (!stat.isFile()) return { message: 'is not a file', place: file };
  if (stat.size > textBytesMax) return { message: `is over ${textBytesMax} bytes`, place: file };
  const bytes = readFileSync(place.path);
  const text = decodeUtf8(bytes);
  // Sources of 2004 are often Latin-1: every byte is one character there and back.
  return text === undefined
    ? { path: place.path, text: bytes.toString('latin1'), encoding: 'latin1' }
    : { path: place.path, text, encoding: 'utf8' };
}

export function writeTextFile(file: TextFile, text: string): void {
  writeFileSync(file.path, Buffer.from(text, file.encoding));
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
