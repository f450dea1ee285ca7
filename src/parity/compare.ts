import { parityClasses, type ParityClass, type ParityConfig, type ParityVerdict }
  from '../config/config.ts';
import type { ParityFacts } from '../facts/parse-parity.ts';
import { matchesItem } from './item-glob.ts';
import { verdictOf, type ItemVerdict } from './verdict.ts';

/** One item that is not the same on both hosts; a `ParityLine` of a rehearsal. */
export interface ParityFinding {
  readonly class: ParityClass;
  readonly item: string;
  readonly verdict: ParityVerdict;
  /** What people read: a version, `none`, `a text`, `not read: why`. One line. */
  readonly production: string;
  readonly staging: string;
  readonly reason?: string | undefined;
}

export interface ParityReport {
  /** The hardest verdict of all findings; `clock` and `expected` pass. */
  readonly verdict: 'fail' | 'warn' | 'pass';
  /** The failing ones first, then by class, near the application first, by name. */
  readonly findings: readonly ParityFinding[];
  /** Items that at least one host told. */
  readonly compared: number;
}

export interface BothFacts {
  readonly production: ParityFacts;
  readonly staging: ParityFacts;
}

/** Hardware that differs by more than this warns: a factor of the clock is a guess beyond it. */
const hardwareFactorMax = 2;
const measured = /^(?:cores|memory|speed: .*)$/;
const order: readonly ParityVerdict[] = ['fail', 'warn', 'clock', 'expected'];

/** Compares production with staging; pure. */
export function compareParity(facts: BothFacts, parity: ParityConfig): ParityReport {
  const findings = parityClasses.flatMap((of) => classFindings(facts, parity, of));
  const compared = parityClasses.reduce((sum, of) => sum + namesOf(facts, of).length, 0);
  const sorted = findings.map((finding) => ({ finding, rank: rankOf(finding) }))
    .sort((one, other) => one.rank - other.rank
      || compareText(one.finding.item, other.finding.item))
    .map((it) => it.finding);
  const has = (verdict: ParityVerdict): boolean => sorted.some((it) => it.verdict === verdict);
  return { findings: sorted, compared,
    verdict: has('fail') ? 'fail' : has('warn') ? 'warn' : 'pass' };
}

function classFindings(facts: BothFacts, parity: ParityConfig, of: ParityClass): ParityFinding[] {
  const { production, staging } = facts;
  const told = namesOf(facts, of).flatMap((item): ParityFinding[] => {
    if (isUnread(production, of, item) || isUnread(staging, of, item)) return [];
    const one = production.items.get(of)?.get(item);
    const other = staging.items.get(of)?.get(item);
    if (one === other) return [];
    return [{ class: of, item, ...shown(of, one, other),
      ...hardwareVerdict(verdictOf(parity, of, item), { of, item, one, other }) }];
  });
  return [...told, ...unreadFindings(facts, parity, of)];
}

function namesOf(facts: BothFacts, of: ParityClass): string[] {
  return [...new Set([...facts.production.items.get(of)?.keys() ?? [],
    ...facts.staging.items.get(of)?.keys() ?? []])];
}

/** All of the class, the item itself, or the language that it is a module of. */
function isUnread(facts: ParityFacts, of: ParityClass, item: string): boolean {
  return facts.unread.some((it) => (it.class === of && (it.item === of || it.item === item))
    || (it.class === 'runtimes' && of === 'modules'
      && (it.item === 'runtimes' || item.startsWith(`${it.item}:`))));
}

/** What one host could not read has no verdict but that of its class: it may well differ. */
function unreadFindings({ production, staging }: BothFacts, parity: ParityConfig,
  of: ParityClass): ParityFinding[] {
  const one = reasonsOf(production, of);
  const other = reasonsOf(staging, of);
  const tell = (facts: ParityFacts, item: string, reason: string | undefined): string =>
    (reason === undefined ? told(of, facts.items.get(of)?.get(item)) : `not read: ${reason}`);
  return [...new Set([...one.keys(), ...other.keys()])].map((item) => ({ class: of, item,
    production: tell(production, item, one.get(item)),
    staging: tell(staging, item, other.get(item)),
    ...(one.get(item) === other.get(item) && isPrivate(parity, of, item)
      ? { verdict: 'expected', reason: 'this login may read it on neither host' } as const
      : verdictOf(parity, of, item)) }));
}

function reasonsOf(facts: ParityFacts, of: ParityClass): Map<string, string> {
  return new Map(facts.unread.filter((it) => it.class === of).map((it) => [it.item, it.why]));
}

/** A package's own file (/etc/sudoers, say) that nobody asked for, and that others may not read. */
function isPrivate(parity: ParityConfig, of: ParityClass, item: string): boolean {
  return of === 'configuration' && item.startsWith('/')
    && !parity.files.some((glob) => matchesItem(glob.replaceAll('**/', '*'), item))
    && !parity.items.some((it) => matchesItem(it.item, item));
}

interface Values {
  readonly of: ParityClass;
  readonly item: string;
  readonly one: string | undefined;
  readonly other: string | undefined;
}

function hardwareVerdict(verdict: ItemVerdict, { of, item, one, other }: Values): ItemVerdict {
  if (of !== 'hardware' || verdict.verdict !== 'clock' || !measured.test(item)) return verdict;
  const factor = Number.parseFloat(one ?? '') / Number.parseFloat(other ?? '');
  return factor <= hardwareFactorMax && factor >= 1 / hardwareFactorMax ? verdict
    : { verdict: 'warn', reason: `more than ${hardwareFactorMax} times apart` };
}

function shown(of: ParityClass, one: string | undefined, other: string | undefined):
Pick<ParityFinding, 'production' | 'staging'> {
  const bothTexts = isDigest(one) && isDigest(other);
  return { production: told(of, one), staging: bothTexts ? 'another text' : told(of, other) };
}

function told(of: ParityClass, value: string | undefined): string {
  if (value === undefined) return of === 'configuration' ? 'as packaged, or none' : 'none';
  if (isDigest(value)) return 'a text';
  const bytes = /^(\d+) bytes$/.exec(value)?.[1];
  return bytes === undefined ? value : `${(Number(bytes) / 1e9).toFixed(1)} GB`;
}

function isDigest(value: string | undefined): boolean {
  return value?.startsWith('digest:') ?? false;
}

/** Names that most applications stand on; they are shown first, nothing else follows from it. */
const near = new RegExp('^(?:libc6|openssl|libssl|ca-certificates|tzdata|locales|python|php|ruby' +
  '|node|npm|perl|openjdk|apache2|libapache2|httpd|mod_|nginx|postgresql|libpq|mariadb|mysql' +
  '|libmariadb|libmysql|sqlite|libsqlite|libicu|libxml2|zlib|systemd$)');

function rankOf({ verdict, class: of, item }: ParityFinding): number {
  return order.indexOf(verdict) * 1000 + parityClasses.indexOf(of) * 2 + (near.test(item) ? 0 : 1);
}

/** By characters, the same on every runner whatever its locale. */
function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
