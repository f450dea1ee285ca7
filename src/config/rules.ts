import { placeholdersOf } from './placeholders.ts';
import { recordsDefault } from './file.ts';
import { rehearsalRules } from './rehearsal-rules.ts';
import type { Mark, Report } from './report.ts';
import { overlaps, isInside } from './paths.ts';

/** A rule over several sections; it reports what it finds. Sections that failed leave no marks. */
type Rule = (report: Report) => void;

export function checkRules(report: Report): void {
  for (const rule of rules) rule(report);
}

const rules: readonly Rule[] = [
  statesApart,
  replacedApart,
  recordsApart,
  releasesHoldNoState,
  replacedPathsAreWritten,
  entriesSurviveSwitching,
  entriesStayAway,
  hiddenLinkIsNotUsed,
  unitsOnce,
  portNeedsPrivate,
  shellKnowsNoPort,
  releasePathsExist,
  ...rehearsalRules,
];

function pairs(marks: readonly Mark[]): (readonly [Mark, Mark])[] {
  return marks.flatMap((first, index) =>
    marks.slice(index + 1).map((second) => [first, second] as const));
}


/** Two parts of the state that share files would be saved twice and restored over each other. */
function statesApart(report: Report): void {
  for (const [first, second] of pairs(report.marks('state'))) {
    if (!overlaps(first.value, second.value)) continue;
    report.tell(second, `(${second.value}) overlaps \`${first.path}\` (${first.value})`,
      entryOf(first) === entryOf(second) ? 'Parts of one state must stand beside each other.'
        : 'Keep the outer one; it is saved whole.');
  }
}

/** `state[2]` of `state[2].blobs`. */
function entryOf(mark: Mark): string {
  return mark.path.split('.')[0] ?? '';
}

function replacedApart(report: Report): void {
  const states = report.marks('state');
  for (const [first, second] of pairs(report.marks('replaces'))) {
    if (!overlaps(first.value, second.value)) continue;
    report.tell(second, `(${second.value}) overlaps \`${first.path}\` (${first.value})`,
      'Keep the outer one.');
  }
  for (const replaced of report.marks('replaces')) {
    for (const state of states.filter((it) => overlaps(it.value, replaced.value))) {
      report.tell(state, `(${state.value}) overlaps \`${replaced.path}\` (${replaced.value})`,
        'State must stand outside of what a release replaces.');
    }
  }
}

/** Seatrial's records hold the rescue copies: they may not be part of what is swapped. */
function recordsApart(report: Report): void {
  const application = report.marks('application')[0];
  const written = report.marks('records')[0];
  const records = written?.value
    ?? (application === undefined ? undefined : recordsDefault(application.value));
  if (records === undefined) return;
  const others = report.marks('state', 'replaces').map((mark) => ({ mark, path: mark.value }));
  const directories = report.marks('directory').flatMap((mark) =>
    releasePaths(mark.value).map((path) => ({ mark, path })));
  for (const { mark, path } of [...others, ...directories]) {
    if (!overlaps(path, records)) continue;
    report.tell(mark, `(${path}) overlaps Seatrial's own records (${records})`,
      'Set `records` to a directory of its own, on the same file system if possible.');
  }
}

function releasePaths(directory: string): string[] {
  return [`${directory}/releases`, `${directory}/current`];
}

function releasesHoldNoState(report: Report): void {
  for (const directory of report.marks('directory')) {
    for (const state of report.marks('state')) {
      const hit = releasePaths(directory.value).find((path) => overlaps(path, state.value));
      if (hit === undefined) continue;
      report.tell(state, `(${state.value}) overlaps ${hit}, which belongs to the releases`,
        `Move it to ${directory.value}/shared, and name it in \`install.shared\`.`);
    }
  }
}

function replacedPathsAreWritten(report: Report): void {
  if (report.marks('install-run').length > 0 || report.failed('install')) return;
  for (const path of report.marks('replaces-unwritten')) {
    report.tell(path, `(${path.value}) is written by nothing: it has no \`from\``,
      'Name the path in the release as `from`, or write `install.run`.');
  }
}

/** An entry in a release is renamed with the release, and missed after the switch. */
function entriesSurviveSwitching(report: Report): void {
  for (const directory of report.marks('directory')) {
    for (const entry of report.marks('entry')) {
      const hit = releasePaths(directory.value).find((path) => isInside(entry.value, path));
      if (hit === undefined && entry.value !== `${directory.value}/releases`) continue;
      report.tell(entry, `(${entry.value}) stands in what is switched with the release`,
        `Name ${directory.value}/current itself.`);
    }
  }
}

/** Installing would put the entry back in the middle of the window. */
function entriesStayAway(report: Report): void {
  for (const entry of report.marks('entry')) {
    const hit = report.marks('replaces').find((it) => overlaps(it.value, entry.value));
    if (hit === undefined) continue;
    report.tell(entry, `(${entry.value}) overlaps \`${hit.path}\` (${hit.value})`,
      'Name a path that installing does not touch: the start script, say.');
  }
}

/** In the window `current` has another name: what leads through it would find nothing there. */
function hiddenLinkIsNotUsed(report: Report): void {
  const link = `${report.marks('directory')[0]?.value ?? ''}/current`;
  if (!report.marks('entry').some((it) => it.value === link)) return;
  for (const shell of report.marks('shell', 'check-shell').filter((it) =>
    /^(?:install\.migrate|service|checks)\b/.test(it.path) && !/\.records\b/.test(it.path))) {
    if (!placeholdersOf(shell.value).includes('current')) continue;
    report.tell(shell, `uses {current}, which is renamed away in the window: it is the \`entry\``,
      'Write {release}: the release that is looked at, the new one or the old one.');
  }
}

function unitsOnce(report: Report): void {
  const seen = new Set<string>();
  for (const unit of report.marks('unit')) {
    if (seen.has(unit.value)) report.tell(unit, `names ${unit.value} a second time`);
    seen.add(unit.value);
  }
}

function portNeedsPrivate(report: Report): void {
  if (report.failed('maintenance')) return;
  const variable = report.marks('private')[0]?.value;
  for (const url of report.marks('check-url')) {
    const wrong = placeholdersOf(url.value, 'url')
      .filter((name) => /^[A-Z]/.test(name) && name !== variable);
    if (wrong[0] === undefined) continue;
    report.tell(url, `uses {${wrong[0]}}, and maintenance.private sets `
      + `${variable ?? 'no variable'}`, variable === undefined
      ? `Write the port itself, or maintenance: { private: ${wrong[0]}=18080, … }.`
      : `Write {${variable}}.`);
  }
}

/** A shell leaves `{PORT}` as it is: the check would ask a wrong address for ever. */
function shellKnowsNoPort(report: Report): void {
  const variable = report.marks('private')[0]?.value;
  if (variable === undefined) return;
  for (const shell of report.marks('check-shell').filter((it) =>
    new RegExp(`(?<!\\$)\\{${variable}\\}`).test(it.value))) {
    report.tell(shell, `uses {${variable}}, which is put into URLs only`,
      `Write "$${variable}": check commands have it in their environment.`);
  }
}

/** Without install.directory there is no current and no shared. */
function releasePathsExist(report: Report): void {
  if (report.marks('directory').length > 0 || report.marks('replaces').length === 0) return;
  for (const shell of report.marks('shell', 'check-shell')) {
    const name = placeholdersOf(shell.value).find((it) => it === 'shared' || it === 'current');
    if (name === undefined) continue;
    report.tell(shell, `uses {${name}}, which \`install.replaces\` does not have`,
      'Write the path itself.');
  }
}
