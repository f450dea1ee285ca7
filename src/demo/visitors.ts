import type { World } from '../run.ts';
import { sha256 } from './bytes.ts';
import { claim, claimEqual } from './claims.ts';
import { ask } from './web.ts';

const names = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Frances', 'Niklaus', 'Radia'];
const messages = ['What a lovely place!', 'Good to be back. #again', 'My first visit <3',
  'The slides are attached. #talk #slides', 'See you next year!', 'Thanks & greetings. #thanks'];
const uploadEvery = 5;
const uploadBytes = 20_000;

/** Visitors number `first`, `first + 1`, … sign; each fifth brings a file. All are acknowledged. */
export async function sign(port: number, first: number, count: number): Promise<void> {
  for (let number = first; number < first + count; number += 1) {
    const upload = number % uploadEvery !== 0 ? undefined : {
      name: `photo-${number}.bin`,
      base64: Buffer.alloc(uploadBytes, sha256(`photo ${number}`)).toString('base64'),
    };
    const answer = await ask(port, '/entries', {
      name: `${names[number % names.length] ?? ''} ${number}`,
      message: messages[number % messages.length] ?? '', upload });
    claimEqual(answer?.status ?? 0, 201, `entry ${number} is accepted`);
  }
}

/** What visitors read, in words that no version of the guestbook changes. */
export interface Content {
  readonly entries: number;
  readonly uploads: number;
  /** sha256 over name, message, time and file of every entry. */
  readonly digest: string;
}

/** Opens every entry and downloads every upload; one that cannot be read ends the demonstration. */
export async function readAll(port: number): Promise<Content> {
  const list = await ask(port, '/');
  claimEqual(list?.status ?? 0, 200, 'the list of entries opens');
  const ids = [...list?.body.toString('utf8').matchAll(/href="\/entries\/(\d+)"/g) ?? []]
    .map((match) => Number(match[1])).sort((a, b) => a - b);
  const lines: string[] = [];
  let uploads = 0;
  for (const id of ids) {
    const { words, file } = await readEntry(port, id);
    if (file !== undefined) uploads += 1;
    lines.push(JSON.stringify([id, ...words, file ?? '']));
  }
  return { entries: ids.length, uploads, digest: sha256(lines.join('\n')) };
}

async function readEntry(port: number, id: number): Promise<{ words: string[]; file?: string }> {
  const answer = await ask(port, `/entries/${id}`);
  claimEqual(answer?.status ?? 0, 200, `entry ${id} opens`);
  const page = answer?.body.toString('utf8') ?? '';
  const name = /<h1>(.*)<\/h1>/.exec(page)?.[1] ?? '';
  const [message = '', created = ''] = [...page.matchAll(/<p>(.*)<\/p>/g)].map((it) => it[1] ?? '');
  claim(name !== '' && message !== '', `entry ${id} has a name and a message`);
  const told = /sha256 ([0-9a-f]{64})/.exec(page)?.[1];
  if (told === undefined) return { words: [name, message, created] };
  const upload = await ask(port, `/entries/${id}/upload`);
  claimEqual(upload?.status ?? 0, 200, `the upload of entry ${id} can be downloaded`);
  claimEqual(sha256(upload?.body ?? ''), told, `the upload of entry ${id} is whole`);
  return { words: [name, message, created], file: told };
}

/** What one visitor saw who asked again and again. */
export interface Visits {
  /** How often each version answered. */
  readonly answers: Readonly<Record<string, number>>;
  readonly refused: number;
  /** Versions in the order of their first answer, refusals aside. */
  readonly order: readonly string[];
}

const visitEveryMs = 100;

/** Asks the public address ten times a second while `work` runs. */
export async function visitWhile<Value>(
  port: number, world: World, work: () => Promise<Value>,
): Promise<{ readonly value: Value; readonly visits: Visits }> {
  const answers: Record<string, number> = {};
  const order: string[] = [];
  let refused = 0;
  let over = false;
  const visit = async (): Promise<void> => {
    const version = await versionAt(port);
    if (version === undefined) refused += 1;
    else answers[version] = (answers[version] ?? 0) + 1;
    if (version !== undefined && order.at(-1) !== version) order.push(version);
  };
  const visiting = (async () => {
    while (!over) {
      await visit();
      await world.sleep(visitEveryMs);
    }
  })();
  let value: Value;
  try {
    value = await work();
  } finally {
    over = true;
    await visiting;
  }
  await visit();
  return { value, visits: { answers, refused, order } };
}

/** The version that answers at the health page; `error 500` where it answers otherwise. */
export async function versionAt(port: number): Promise<string | undefined> {
  const answer = await ask(port, '/health');
  if (answer === undefined) return undefined;
  const version = /"version":"([^"]+)"/.exec(answer.body.toString('utf8'))?.[1];
  return answer.status === 200 && version !== undefined ? version : `error ${answer.status}`;
}
