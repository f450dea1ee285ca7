import type { AcceptedDifference } from '../../src/config/config.ts';

/** The objects of a database as `objects_KIND` and `rows_KIND` print them. */
const guestbook = [
  'table|public.guests|table', 'column|public.guests.id|integer NOT NULL',
  'column|public.guests.name|character varying(80)',
  'column|public.guests.joined|timestamp with time zone',
  'index|public.guests_pkey|CREATE UNIQUE INDEX guests_pkey ON public.guests USING btree (id)',
  'constraint|public.guests.guests_pkey|PRIMARY KEY (id)', 'owner|public.guests|guestbook',
  'sequence|public.guests_id_seq|integer from 1', 'rows|public.guests_id_seq|1|1207',
  'owner|public.guests_id_seq|guestbook', 'rows|public.guests|1200|aaaa1111aaaa1111',
  'table|public.visits|table', 'column|public.visits.id|integer NOT NULL',
  'column|public.visits.guest|integer', 'column|public.visits.note|text DEFAULT \'\'::text',
  'index|public.visits_guest_idx|CREATE INDEX visits_guest_idx ON public.visits (guest)',
  'constraint|public.visits.visits_guest_fkey|FOREIGN KEY (guest) REFERENCES guests(id)',
  'trigger|public.visits.stamp|CREATE TRIGGER stamp BEFORE INSERT ON public.visits',
  'grant|public.visits|reporting=SELECT', 'grant|public.visits|app=SELECT,INSERT',
  'sequence|public.visits_id_seq|integer from 1', 'rows|public.visits_id_seq|1|25000',
  'owner|public.visits|guestbook', 'rows|public.visits|25000|bbbb2222bbbb2222',
  'view|public.recent|SELECT * FROM visits', 'extension|citext|1.6',
  'rows|pg_largeobject|14|cccc3333cccc3333',
];

/** A directory of uploads as `objects_directory` prints it. */
const uploads = [
  'file|a|d 755 app:app', 'file|a/one.png|f 644 app:app 1204 11111111111111111111111111111111',
  'file|a/two.png|f 644 app:app 90000 22222222222222222222222222222222',
  'file|b|d 755 app:app', 'file|b/three.png|f 644 app:app 7 33333333333333333333333333333333',
  'file|.|d 755 app:app', 'file|latest|l a/two.png', 'rows|.|4|7777888877778888',
];

export interface Seeded {
  readonly title: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly accept: readonly AcceptedDifference[];
}

type Edit = readonly [from: string, to: string];

/** Lines that begin with `from` go; `to` takes their place where it is not empty. */
function edit(lines: readonly string[], edits: readonly Edit[]): string[] {
  const unused = edits.filter(([from]) =>
    from !== '' && !lines.some((line) => line.startsWith(from)));
  if (unused.length > 0) throw new Error(`no such line: ${unused.join()}`);
  const kept = lines.flatMap((line) => {
    const hit = edits.find(([from]) => from !== '' && line.startsWith(from));
    return hit === undefined ? [line] : hit[1] === '' ? [] : [hit[1]];
  });
  return [...kept, ...edits.filter(([from]) => from === '').map(([, to]) => to)];
}

function seeded(title: string, edits: readonly Edit[], more: {
  readonly on?: readonly string[]; readonly accept?: readonly AcceptedDifference[];
} = {}): Seeded {
  const before = more.on ?? guestbook;
  return { title, before, after: edit(before, edits), accept: more.accept ?? [] };
}

const allow = (object: string, difference: AcceptedDifference['difference']) =>
  ({ state: 'guestbook', object, difference, reason: `${object} is meant to go` });
const dropVisits: readonly Edit[] = [
  ['table|public.visits|table', ''], ['column|public.visits.', ''], ['rows|public.visits', ''],
  ['owner|public.visits', ''], ['index|public.visits_guest_idx', ''],
  ['constraint|public.visits.', ''],
  ['trigger|public.visits.', ''], ['grant|public.visits|', ''], ['sequence|public.visits_', ''],
];

export const lossy: readonly Seeded[] = [
  seeded('a table is dropped: one difference, not fifty', dropVisits),
  seeded('a table is dropped with the view that looked at it',
    [...dropVisits, ['view|public.recent', '']]),
  seeded('truncate', [['rows|public.visits|', 'rows|public.visits|0|0000000000000000']]),
  seeded('a delete by a join that met too many',
    [['rows|public.visits|', 'rows|public.visits|24876|dddd4444dddd4444']]),
  seeded('a text is cut off by a shorter type', [
    ['column|public.guests.name', 'column|public.guests.name|character varying(20)'],
    ['rows|public.guests|', 'rows|public.guests|1200|eeee5555eeee5555']]),
  seeded('times lose their zone', [
    ['column|public.guests.joined', 'column|public.guests.joined|timestamp without time zone'],
    ['rows|public.guests|', 'rows|public.guests|1200|ffff6666ffff6666']]),
  seeded('a charset is read wrongly, or NULL becomes empty: as many rows, others in content',
    [['rows|public.visits|', 'rows|public.visits|25000|9999777799997777']]),
  seeded('rows are doubled and others lost: the same count',
    [['rows|public.guests|', 'rows|public.guests|1200|8888000088880000']]),
  seeded('rows are doubled',
    [['rows|public.guests|', 'rows|public.guests|2400|7777000077770000']]),
  seeded('a column is dropped', [['column|public.visits.note', '']]),
  seeded('an index, a foreign key, a trigger, a sequence are lost', [
    ['index|public.visits_guest_idx', ''], ['constraint|public.visits.visits_guest_fkey', ''],
    ['trigger|public.visits.stamp', ''], ['sequence|public.visits_id_seq', ''],
    ['rows|public.visits_id_seq', '']]),
  seeded('one of two grants is lost, and an owner is another', [
    ['grant|public.visits|reporting', ''],
    ['owner|public.guests|', 'owner|public.guests|postgres']]),
  seeded('a sequence begins anew: numbers are given out twice',
    [['rows|public.visits_id_seq', 'rows|public.visits_id_seq|1|1 (not used)']]),
  seeded('large objects are lost', [['rows|pg_largeobject', '']]),
  seeded('a wider type, but the content is another', [
    ['column|public.guests.name', 'column|public.guests.name|text'],
    ['rows|public.guests|', 'rows|public.guests|1200|6666555566665555']]),
  seeded('a shorter type that no value is too long for',
    [['column|public.guests.name', 'column|public.guests.name|character varying(60)']]),
  seeded('a default is another',
    [['column|public.visits.note', 'column|public.visits.note|text DEFAULT \'none\'::text']]),
  seeded('rows of a table that are counted only afterwards',
    [['', 'rows|public.old|3|1234123412341234']]),
  seeded('a file is lost, one changed, one made writable for all', [
    ['file|a/one.png', ''],
    ['file|a/two.png', 'file|a/two.png|f 644 app:app 90000 44444444444444444444444444444444'],
    ['file|b/three.png', 'file|b/three.png|f 666 app:app 7 33333333333333333333333333333333']],
  { on: uploads }),
  seeded('a directory of files is lost', [['file|a', '']], { on: uploads }),
  seeded('a file takes the place of a directory', [
    ['file|b/three.png', ''],
    ['file|b|', 'file|b|f 644 app:app 1 55555555555555555555555555555555'],
  ], { on: uploads }),
  seeded('a file is moved without a word', [
    ['file|b/three.png', 'file|b/3.png|f 644 app:app 7 33333333333333333333333333333333'],
    ['rows|.', 'rows|.|4|1111000011110000']],
  { on: uploads }),
  seeded('a link leads elsewhere', [['file|latest', 'file|latest|l b/three.png'],
    ['rows|.', 'rows|.|4|1111000011110000']], { on: uploads }),
  seeded('a total is another, and no file is', [['rows|.', 'rows|.|4|1111000011110000']],
    { on: uploads }),
  seeded('what is accepted is another table, another kind, another state', dropVisits, { accept: [
    allow('public.visitors', 'any'), allow('public.visits', 'rows-lost'),
    { ...allow('public.visits', 'any'), state: 'sessions' }] }),
];

export const good: readonly Seeded[] = [
  seeded('nothing changes', []),
  seeded('a table, a column, an index are added', [
    ['', 'table|public.likes|table'], ['', 'column|public.likes.visit|integer'],
    ['', 'rows|public.likes|12|abababababababab'], ['', 'column|public.visits.mood|text'],
    ['', 'index|public.visits_mood_idx|CREATE INDEX visits_mood_idx ON public.visits (mood)']]),
  seeded('rows are added that may be, and the sequence goes on', [
    ['rows|public.visits|', 'rows|public.visits|25002|1212343412123434'],
    ['rows|public.visits_id_seq', 'rows|public.visits_id_seq|1|25002']],
  { accept: [allow('public.visits', 'rows-added')] }),
  seeded('a rename that is declared, and whose rows were not counted', [...dropVisits,
    ['', 'table|public.entries|table'], ['', 'column|public.entries.id|integer NOT NULL'],
    ['', 'column|public.entries.guest|integer'],
    ['', 'column|public.entries.note|text DEFAULT \'\'::text']],
  { accept: [allow('public.visits', 'dropped')] }),
  seeded('files are added', [['', 'file|c|d 755 app:app'],
    ['', 'file|c/four.png|f 644 app:app 9 66666666666666666666666666666666'],
    ['rows|.', 'rows|.|5|1111000011110000']], { on: uploads }),
  seeded('a directory goes, of which all that is in it may',
    [['file|a|', ''], ['file|a/', ''], ['rows|.', 'rows|.|2|1111000011110000']],
    { on: uploads, accept: [allow('a/**', 'dropped')] }),
  seeded('a rename that is declared', [...dropVisits,
    ['', 'table|public.entries|table'], ['', 'column|public.entries.id|integer NOT NULL'],
    ['', 'rows|public.entries|25000|bbbb2222bbbb2222']],
  { accept: [allow('public.visits', 'dropped')] }),
  seeded('a split column that is declared', [
    ['column|public.guests.name', 'column|public.guests.given|character varying(80)'],
    ['', 'column|public.guests.family|character varying(80)']],
  { accept: [allow('public.guests.name', 'dropped')] }),
  seeded('wider types', [
    ['column|public.guests.id', 'column|public.guests.id|bigint NOT NULL'],
    ['column|public.guests.name', 'column|public.guests.name|character varying(200)'],
    ['column|public.visits.guest', 'column|public.visits.guest|bigint']]),
  seeded('expired visits go, and a declaration that is of no use any more',
    [['rows|public.visits|', 'rows|public.visits|24000|dddd4444dddd4444']],
    { accept: [allow('public.*', 'rows-lost'), allow('public.sessions', 'any')] }),
];

/** The text as a host writes it. */
export function textOf(it: Seeded, state = 'guestbook'): string {
  const gone = it.before.filter((line) => !it.after.includes(line));
  const come = it.after.filter((line) => !it.before.includes(line));
  const same = new Map<string, number>();
  for (const line of it.before.filter((each) => it.after.includes(each))) {
    const kind = line.split('|')[0] ?? '';
    same.set(kind, (same.get(kind) ?? 0) + 1);
  }
  return [`state|${state}|postgres`, ...[...same].map(([kind, count]) => `same|${kind}|${count}`),
    ...gone.map((line) => `- ${line}`), ...come.map((line) => `+ ${line}`), 'end', '']
    .join('\n').replaceAll('|', '\t');
}
