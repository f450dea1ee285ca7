import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const filesCount = 1600;
const fileBytes = 13_000;
const words = 'harbour anchor mast keel rope sail tide wind chart light buoy pilot'.split(' ');

/** Bytes that are the same on each machine: one half hardly compresses, the other does well. */
function content(index) {
  const random = (part) => createHash('shake256', { outputLength: fileBytes >> 1 })
    .update(`${index} ${part}`).digest();
  const dense = random('dense');
  const text = Array.from(random('text').subarray(0, fileBytes >> 3),
    (byte) => words[byte % words.length]).join(' ').slice(0, fileBytes >> 1);
  return Buffer.concat([dense, Buffer.from(`\n${text}\n`)]);
}

/** Writes the tree of the bench: about 1,600 files and 20 MB, 11 MB as tar.gz, and a daemon. */
export function writeTree(directory) {
  cpSync(join(import.meta.dirname, 'app'), directory, { recursive: true });
  for (let index = 0; index < filesCount; index += 1) {
    const folder = `lib/${String(index % 40).padStart(2, '0')}`;
    const path = join(directory, folder, `${String(index).padStart(4, '0')}.dat`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content(index));
  }
}
