import type { Command } from '../command/command.ts';
import { SeatrialError } from '../errors.ts';
import type { StateKind } from '../state/spec.ts';
import type { Copying } from './copy.ts';
import { sendDirect, stagingAddress } from './direct.ts';
import { maskCall, wipeCall, type MaskCall } from './mask.ts';
import { copyWays, formatRecords, type CopyRecord, type CopyWay } from './records.ts';
import { linesOf, transfer, wordsOf, type Transferred } from './transfer.ts';
import { call, must } from './verbs.ts';
import type { CopyItem } from './wanted.ts';

/** A connection that is lost more often is told to a person. */
const triesMax = 3;

/** Kinds whose far side can say what an interrupted copy has brought. */
const resumable: readonly StateKind[] = ['directory'];

/** What is usual; a verb says where it went another way. */
const usualWay: Readonly<Record<StateKind, CopyWay>> = {
  directory: 'files', sqlite: 'physical', postgres: 'logical', mysql: 'logical', zodb: 'physical',
  command: 'files',
};

export interface Bringing {
  /** Bytes as production counts them; 0: not known. */
  readonly total: number;
  /** Records of all the others, for the list on staging. */
  readonly others: readonly CopyRecord[];
}

/**
 * Copies, masks, keeps and records one item. When it throws, staging has neither an incoming nor a
 * pristine copy of it, as far as staging could still be reached.
 */
export async function bringItem(
  copying: Copying, item: CopyItem, { total, others }: Bringing,
): Promise<CopyRecord> {
  const { clock, production, run, masks } = copying;
  const began = clock();
  try {
    const { bytes, said } = await send(copying, item, total);
    tell(copying, item, said);
    await mask(copying, item);
    const record: CopyRecord = {
      kind: item.kind, label: item.label, name: item.name, spec: item.stagingSpec,
      copiedAt: began, expiresAt: began + production.config.copy.expiresSeconds * 1000,
      host: production.transport.name, machine: production.machine, run,
      bytes, seconds: Math.round((clock() - began) / 100) / 10, installed: production.installed,
      mask: masks.get(item.label)?.digest ?? '', way: wayOf(item, said), digest: item.digest,
    };
    await must(copying.target, { ...call(copying.targetSite, [item.kind], ['write_to',
      'keep_and_record', item.kind, item.stagingSpec, item.label]),
    stdin: formatRecords([...others, record]) });
    return record;
  } catch (error) {
    await giveUp(copying, item, { error, others });
    throw error;
  }
}

type Whole = Extract<Transferred, { kind: 'whole' }>;

/** Again where the connection was lost, and only then: production is only read. */
async function send(copying: Copying, item: CopyItem, total: number): Promise<Whole> {
  for (let tries = 1; ; tries += 1) {
    const moved = await attempt(copying, item, { total, resume: tries > 1 });
    if (moved.kind === 'whole') {
      const { bytes } = moved;
      copying.report({ kind: 'progress', what: whatOf(item), done: bytes, total: bytes });
      return moved;
    }
    if (copying.cancel.aborted) throw cancelled(item);
    if (moved.kind === 'failed') throw failed(copying, item, moved);
    if (tries >= triesMax) throw new SeatrialError('refused', [{
      message: `the copy of ${item.title} was cut ${tries} times: ${moved.why}`,
      fix: 'Production was only read. Look at the connection and run rehearse again.',
    }]);
    copying.report({ kind: 'warning',
      text: `the copy of ${item.title} was cut (${moved.why}); it is taken up again` });
    await copying.source.mend();
    await copying.target.mend();
  }
}

async function attempt(
  copying: Copying, item: CopyItem, how: { readonly total: number; readonly resume: boolean },
): Promise<Transferred> {
  const { source, target, sourceSite, targetSite, production, staging } = copying;
  const address = stagingAddress(staging.config);
  const direct = production.config.copy.route === 'direct' && address !== undefined;
  const isLive = item.from.kind === 'live' || item.from.kind === 'last-saved';
  const resume = how.resume && !direct && isLive && resumable.includes(item.kind);
  const env: Record<string, string> = { COPY_FROM: wayWord(item),
    ...(resume ? { COPY_RESUME: 'yes' } : {}) };
  const kinds = [item.kind];
  const receive = { env, ...call(targetSite, kinds,
    ['write_to', `receive_${item.kind}`, item.stagingSpec, item.label]) };
  const words = copyWords(item);
  if (direct) {
    return await sendItself(copying, { env, ...call(sourceSite, kinds,
      sendDirect(address, production.config.copy.rateMax, { copy: words, receive })) });
  }
  return await transfer({
    production: source.transport, staging: target.transport,
    copy: { env, ...call(sourceSite, kinds, ['read_from', ...words]) }, receive,
    known: resume ? call(targetSite, kinds, [`known_${item.kind}`, item.stagingSpec, item.label])
      : undefined,
    what: whatOf(item), total: how.total, rateMax: production.config.copy.rateMax,
    report: copying.report, cancel: copying.cancel, clock: copying.clock,
  });
}

/** The bytes do not come by here: there is no progress to tell. */
async function sendItself(copying: Copying, command: Command): Promise<Transferred> {
  const result = await copying.source.transport.run(command, { signal: copying.cancel });
  const { outcome } = result;
  if (outcome.kind === 'exited' && outcome.status === 0) {
    return { kind: 'whole', bytes: 0, said: linesOf(result.stderr) };
  }
  const words = wordsOf(result, 'it did not say why');
  if (outcome.kind === 'unknown') return { kind: 'cut', why: outcome.why };
  // What ssh says of itself.
  if (outcome.kind === 'exited' && outcome.status === 255) return { kind: 'cut', why: words };
  return { kind: 'failed', side: 'production', why: words };
}

function copyWords(item: CopyItem): string[] {
  const { from } = item;
  return from.kind === 'backup'
    ? ['backup', 'print_backup', from.run.user ?? '-', String(from.run.timeoutSeconds),
      from.run.run]
    : [wayWord(item), `copy_${item.kind}`, item.productionSpec];
}

function wayWord(item: CopyItem): string {
  return item.from.kind === 'standby' ? 'live' : item.from.kind;
}

/** The masks of one item in their order, and then what they replaced leaves the files as well. */
async function mask(copying: Copying, item: CopyItem): Promise<void> {
  const parts = copying.masks.get(item.label)?.parts ?? [];
  if (parts.length === 0) return;
  const began = copying.clock();
  for (const part of parts) await maskBy(copying, item, maskCall(item, part));
  const seconds = Math.ceil((copying.clock() - began) / 1000) + 2;
  await maskBy(copying, item, wipeCall(item, seconds));
}

/** Never twice: a mask that was cut may have run, and the copy is thrown away. */
async function maskBy(
  copying: Copying, item: CopyItem, { words, stdin }: MaskCall,
): Promise<void> {
  if (copying.cancel.aborted) throw cancelled(item);
  const command = { ...call(copying.targetSite, [item.kind], ['write_to', ...words]), stdin };
  const result = await copying.target.transport.run(command, { signal: copying.cancel });
  const { outcome } = result;
  if (copying.cancel.aborted) throw cancelled(item);
  if (outcome.kind === 'exited' && outcome.status === 0) return;
  throw new SeatrialError('refused', [{
    message: `the mask of ${item.name} failed, so its copy was removed: ` +
      (outcome.kind === 'unknown' ? outcome.why : wordsOf(result, 'it did not say why')),
    fix: 'Mend the mask and run rehearse again; production was only read.',
  }]);
}

/** Best effort, on a connection that may have to be opened again; what is left is never started. */
async function giveUp(
  copying: Copying, item: CopyItem,
  { error, others }: { readonly error: unknown; readonly others: readonly CopyRecord[] },
): Promise<void> {
  try {
    await must(copying.target, { ...call(copying.targetSite, [item.kind],
      ['write_to', 'give_up', item.kind, item.stagingSpec, item.label]),
    stdin: formatRecords(others) });
  } catch (second) {
    copying.report({ kind: 'warning', text: `what was copied of ${item.title} could not be ` +
      `removed from staging (${messageOf(second)}); the next rehearsal removes it. ` +
      `First: ${messageOf(error)}` });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function failed(
  copying: Copying, item: CopyItem, moved: Extract<Transferred, { kind: 'failed' }>,
): SeatrialError {
  const line = moved.side === 'production' ? copying.source : copying.target;
  return new SeatrialError('refused', [{
    message: `${item.title} could not be copied: ${line.name}: ${moved.why}`,
    fix: 'Production was only read, and what had arrived was removed.',
  }]);
}

function cancelled(item: CopyItem): SeatrialError {
  return new SeatrialError('cancelled', [{
    message: `cancelled while ${item.title} was copied`,
    fix: 'Production was only read, and what had arrived was removed.',
  }]);
}

function whatOf(item: CopyItem): string {
  return `Copy ${item.title}`;
}

function tell(copying: Copying, item: CopyItem, said: readonly string[]): void {
  for (const line of said.filter((it) => !it.startsWith('way\t')).slice(0, notesMax)) {
    copying.report({ kind: 'warning',
      text: line.startsWith(item.title) ? line : `${item.title}: ${line}` });
  }
}

const notesMax = 20;

function wayOf(item: CopyItem, said: readonly string[]): CopyWay {
  if (item.from.kind === 'backup') return 'backup';
  const told = said.find((it) => it.startsWith('way\t'))?.slice('way\t'.length);
  return copyWays.find((it) => it === told) ?? usualWay[item.kind];
}
