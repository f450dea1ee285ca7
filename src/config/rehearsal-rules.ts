import type { Mark, Report } from './report.ts';

/** Rules about state that has a name, and about what only a rehearsal uses; see rules.ts. */
export const rehearsalRules: readonly ((report: Report) => void)[] = [
  namesOnce,
  databasesOnce,
  namedStatesExist,
  masksFitTheirState,
  rehearsalsNeedStaging,
  insteadOnce,
];

function namesOnce(report: Report): void {
  for (const [first, second] of repeated(report.marks('state-name'))) {
    report.tell(second, `has the name ${second.value}, which \`${first.path}\` has`,
      'Give each state a name of its own.');
  }
}

/** One database saved twice would be swapped twice. */
function databasesOnce(report: Report): void {
  for (const [first, second] of repeated(report.marks('database'))) {
    report.tell(second, `is \`${first.path}\` once more`, 'Keep one of them.');
  }
}

function repeated(marks: readonly Mark[]): (readonly [Mark, Mark])[] {
  return marks.flatMap((mark, index) => {
    const first = marks.findIndex((it) => it.value === mark.value);
    const found = marks[first];
    return found === undefined || first === index ? [] : [[found, mark] as const];
  });
}

/** A mask that names nothing masks nothing. */
function namedStatesExist(report: Report): void {
  if (report.failed('state')) return;
  const names = report.marks('named-state').map((it) => it.value);
  for (const mark of report.marks('masked', 'accepted').filter((it) =>
    !names.includes(it.value))) {
    report.tell(mark, `names the state ${mark.value}, which there is not`,
      names.length === 0 ? 'There is no state.' : `The states are: ${names.join(', ')}.`);
  }
}

const maskKinds: Readonly<Record<string, readonly string[]>> = {
  sql: ['postgres', 'mysql', 'sqlite'], greenmask: ['postgres'],
};

function masksFitTheirState(report: Report): void {
  const states = report.marks('named-state');
  for (const mark of report.marks('masked')) {
    const kind = states.find((it) => it.value === mark.value)?.detail ?? '';
    const kinds = maskKinds[mark.detail ?? ''];
    if (kind === '' || kinds === undefined || kinds.includes(kind)) continue;
    report.tell(mark, `masks ${mark.value}, a state of the kind ${kind}, by ${mark.detail}`,
      `That works for ${kinds.join(', ')}; write { state: ${mark.value}, run: command }.`);
  }
}

function insteadOnce(report: Report): void {
  for (const [, second] of repeated(report.marks('instead'))) {
    report.tell(second, `replaces ${second.value} a second time`, 'Keep one of them.');
  }
}

function rehearsalsNeedStaging(report: Report): void {
  if (report.failed('hosts') || report.marks('staging-host').length > 0) return;
  for (const mark of report.marks('needs-staging')) {
    report.tell(mark, 'does nothing: there is no `hosts.staging` to rehearse on',
      'Write hosts: { staging: deploy@staging.example.org, … }, or remove the key.');
  }
}
