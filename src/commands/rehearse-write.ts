import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { SeatrialError } from '../errors.ts';
import type { Release } from '../package/release.ts';
import { parityRecord } from '../parity/drift.ts';
import { rehearsalPage } from '../report/rehearsal-page.ts';
import { createReceipt, receiptText } from '../trial/receipt.ts';
import type { Rehearsal } from '../trial/rehearsal.ts';
import type { Pair, Seen } from './rehearse-look.ts';
import type { Result } from './world.ts';

const receiptDefault = 'receipt.json';

/** The receipt and the page are written whether it passed or not: a refusal is to be read. */
export function writeRehearsal(pair: Pair, input: {
  readonly rehearsal: Rehearsal; readonly release: Release; readonly seen: Seen;
}): Result {
  const { options, world, config } = pair.production;
  const { rehearsal, release, seen } = input;
  const receipt = options.receipt ?? receiptDefault;
  const statement = createReceipt(rehearsal, {
    archive: basename(release.archivePath),
    toolVersion: world.toolVersion,
    parity: parityRecord(seen.productionParity, config.parity, seen.salt),
  });
  write(receipt, receiptText(statement));
  write(options.page, rehearsalPage(rehearsal));
  return { kind: 'rehearsal', rehearsal, receipt, page: options.page };
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o644 });
  } catch (cause) {
    throw new SeatrialError('bad-input', [{ message: 'the report cannot be written', place: path,
      fix: 'Name another path by --receipt and --page.' }], cause);
  }
}
