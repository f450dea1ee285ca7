import { findTool, run } from '../package/process.ts';
import { SeatrialError } from '../errors.ts';
import { notesOf, type Notes } from './doctor-finding.ts';
import type { World } from './world.ts';

const nodeMajorMin = 20;
/** Ports of the private folder's socket, `-F` for jump hosts: what we need is older than these. */
const sshMajorMin = 8;

/** The programs here that Seatrial starts. */
export async function lookHere(world: World): Promise<Notes> {
  const notes = notesOf('this machine');
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= nodeMajorMin) notes.ok('node', process.versions.node);
  else notes.fail('node', `${process.versions.node} is too old`, 'Install Node.js 20 or newer.');
  await lookAtTool(notes, world, { name: 'git', words: ['--version'],
    needed: 'A release is made from a tag: install git.' });
  const ssh = await lookAtTool(notes, world, { name: 'ssh', words: ['-V'],
    needed: 'Install the OpenSSH client.' });
  const version = Number(/^OpenSSH_(\d+)/.exec(ssh ?? '')?.[1] ?? NaN);
  if (version < sshMajorMin) {
    notes.warn('ssh', `OpenSSH ${version} is older than what Seatrial is tried with`,
      'Install a newer one.');
  }
  return notes;
}

interface Tool {
  readonly name: string;
  readonly words: readonly string[];
  /** What to do where it is missing. */
  readonly needed: string;
}

async function lookAtTool(notes: Notes, world: World, { name, words, needed }: Tool):
Promise<string | undefined> {
  try {
    const lines: string[] = [];
    const { status } = await run({ tool: findTool(name, world.environment), arguments: words,
      cwd: world.temporaryDirectory, onLine: (line) => { lines.push(line); },
      environment: { PATH: world.environment['PATH'] ?? '', LC_ALL: 'C' } });
    const told = lines[0] ?? '';
    if (status === 0) notes.ok(name, told.replace(`${name} version `, ''));
    else notes.fail(name, `is broken: ${told}`, needed);
    return told;
  } catch (error) {
    if (!(error instanceof SeatrialError)) throw error;
    notes.fail(name, 'is not on this machine', needed);
    return undefined;
  }
}
