import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { TestHost } from '../../hosts/lab.ts';
import { output } from '../../hosts/rehearsal/stage.ts';
import { git } from '../../package/fixture.ts';
import type { Run } from '../executor/run.ts';
import type { ApplicationRepository } from './application.ts';
import { tell } from './stage.ts';

/** Words that would be obeyed somewhere: by the runner, a terminal, a browser, a shell. */
export const orders = [
  '::set-output name=end::forged', '::set-output name=receipt::forged', '::add-mask::guestbook',
  '  ::save-state name=end::forged', '::error title=Seatrial::forged', '::warning::forged',
  '##[error]forged', 'a ##[add-mask]guestbook', '##[set-output name=end]forged',
  '::stop-commands::x', '::x::', '::00000000-0000-0000-0000-000000000000::',
  '::stop-commands::', '::group::forged', '\u001b[2J\u001b]0;forged\u0007', '\u009d0;forged',
  '\u2028::error::forged', '\r::error::forged', '%0A::error::forged', '\u00a0::error::forged',
  '<img src=x onerror=alert(1)>', '[forged](javascript:alert(1))', '| a | b |', '```', '@octocat',
  '$(touch pwned)', '`touch pwned`', "'; touch pwned; '", '${{ github.token }}',
].join('\n');

/** Files whose names say something to a shell, to the runner, or to a program's options. */
export const oddNames = ['-rf', '--help', '$(touch pwned)', '`touch pwned`', ';touch pwned;',
  '&& touch pwned', '::set-output name=end::forged', '##[error]forged', '##[add-mask]guestbook',
  `"'"'`, '%0A::error::forged', '<img src=x onerror=alert(1)>', '[forged](javascript:alert(1))',
  '| a | b |', '${{ github.token }}', '\u2028::error::forged', '\u202egnp.exe', ' blank ',
  '*', '~'];

/** Tags that git takes; a workflow that says `v*` begins for each of them. */
export const oddTags = ['v1.0.0$(touch${IFS}pwned)', 'v1;touch${IFS}pwned', 'v1`touch${IFS}pwned`',
  'v1&&touch${IFS}pwned', `v1'"'"'`, 'v1|sh', 'v1>pwned', 'v1<!--', 'v1${{github.token}}',
  'v1%0A\u2236\u2236error\u2236\u2236forged', 'v1%0A##add-mask', 'v1.0.0\u2028x',
  'v1.0.0\u202e', 'v１.0.0', 'v1.0.0-' + 'a'.repeat(190),
  `v1.0.${'0'.repeat(230)}`, 'v1.0.0#x', 'v1!', 'v--upload-pack=touch${IFS}pwned', 'v-'];

/** An annotated tag with a message of one's own, pushed. */
export function pushTag({ tree }: ApplicationRepository, name: string, message: string): void {
  git(tree, 'tag', '--annotate', '--cleanup=verbatim', `--message=${message}`, name, 'HEAD');
  git(tree, 'push', '--quiet', 'origin', `refs/tags/${name}`);
}

/** Whoever looks at a host as this one sees the orders wherever something can be shown to him. */
export async function makeHostile(host: TestHost): Promise<void> {
  await host.writeFile('/etc/hostile', `${orders}\n`);
  await host.writeFile('/etc/motd', `${orders}\n`);
  await output(host, `printf '%s\\n' 'Banner /etc/hostile' 'PrintMotd yes' >>/etc/ssh/sshd_config
    for home in /root /home/deploy; do { echo 'cat /etc/hostile'; cat $home/.bashrc; } \
      >$home/.new 2>/dev/null; mv $home/.new $home/.bashrc; chmod 644 $home/.bashrc; done
    systemctl restart lab-sshd.service`);
}

/** What a run shows and leaves is its own: nothing that was said to it was obeyed. */
export function expectInert(run: Run): void {
  for (const job of run.jobs) {
    const where = `${job.key}\n${tell(run)}`;
    const { summary } = job;
    // The runner itself shows the inputs of a step as they are.
    const log = job.log.replace(/^##\[group\]Run [^]*?^##\[endgroup\]$/gm, '');
    const own = (text: string): boolean => !/^\s*forged/.test(text)
      && !text.includes('deprecated') && !text.includes('Unable to process');
    expect(job.annotations.filter((it) => !own(it.message)), where).toEqual([]);
    const masked = log.split('\n').filter((line) => line.includes('***')
      && !/^::(stop-commands::)?\*\*\*/.test(line));
    expect(masked, where).toEqual([]);
    expect(log).not.toMatch(/[\u001b\u009d\u2028\u202e]/);
    expect(Object.values(job.outputs).filter((it) => it.includes('forged')), where).toEqual([]);
    const shown = outsideFences(summary).replaceAll('](https://github.com/octo/', '] ');
    expect(shown).not.toMatch(/::|##\[|<img|\]\(|@octocat|\$\(touch|[\u001b\u009d\u2028\u202e]/);
  }
  const left = filesIn(run.facts.directory);
  expect(left.filter((it) => it.endsWith('/pwned'))).toEqual([]);
  // Keys, receipts and whatever else a step had are gone with it, and homes are empty.
  expect(left.filter((it) => /\/_temp\/seatrial-|\/home\/./.test(it))).toEqual([]);
}

/** A line of ticks ends what a line of no more ticks began; in between all is text. */
function outsideFences(markdown: string): string {
  let fence: string | undefined;
  return markdown.split('\n').filter((line) => {
    const [, ticks] = /^(`{3,})[a-z]*$/.exec(line) ?? [];
    if (ticks === undefined || (fence !== undefined && ticks.length < fence.length)) {
      return fence === undefined;
    }
    fence = fence === undefined ? ticks : undefined;
    return false;
  }).join('\n');
}

function filesIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((it) => join(directory, it));
}

/** No file that one of the orders would have made, at the places where commands run. */
export async function expectUntouched(host: TestHost): Promise<void> {
  expect(await output(host, 'find / /root /home /tmp /var/tmp /srv /var/lib/seatrial -xdev ' +
    '-maxdepth 6 -name pwned 2>/dev/null | sort -u')).toBe('');
}

function inputLines(given: Readonly<Record<string, string>>): string {
  return Object.entries(given).map(([name, value]) =>
    `          ${name}: ${JSON.stringify(value)}`).join('\n');
}

/** The actions by themselves, as a workflow without the reusable one has them; it tells all. */
export const ownWorkflow = (given: Readonly<Record<string, string>> = {}): string => `name: Release
on: { push: { tags: ['v*'] } }
permissions: { contents: write, actions: read, deployments: write }
jobs:
  package:
    runs-on: ubuntu-latest
    outputs: { release: '\${{ steps.it.outputs.release }}', end: '\${{ steps.it.outputs.end }}' }
    steps:
      - uses: actions/checkout@v7
      - { id: it, uses: seatrial/seatrial/package-release@v1,
          with: { verbose: true, attest: false } }
  rehearse:
    needs: package
    runs-on: ubuntu-latest
    environment: { name: staging, deployment: false }
    outputs: { receipt: '\${{ steps.it.outputs.receipt }}', end: '\${{ steps.it.outputs.end }}' }
    steps:
      - uses: actions/checkout@v7
      - id: it
        uses: seatrial/seatrial/test-against-prod-copy@v1
        with:
          verbose: true
          attest: false
          release: \${{ needs.package.outputs.release }}
          ssh-private-key: \${{ secrets.SEATRIAL_SSH_KEY }}
          ssh-known-hosts: \${{ vars.SEATRIAL_KNOWN_HOSTS }}
  deploy:
    needs: [package, rehearse]
    runs-on: ubuntu-latest
    environment: { name: production, deployment: false }
    outputs: { end: '\${{ steps.it.outputs.end }}', receipt: '\${{ steps.it.outputs.receipt }}' }
    steps:
      - uses: actions/checkout@v7
      - id: it
        uses: seatrial/seatrial/deploy-with-backup@v1
        with:
          verbose: true
${inputLines({ environment: 'production', ...given })}
          release: \${{ needs.package.outputs.release }}
          receipt: \${{ needs.rehearse.outputs.receipt }}
          ssh-private-key: \${{ secrets.SEATRIAL_SSH_KEY }}
          ssh-known-hosts: \${{ vars.SEATRIAL_KNOWN_HOSTS }}
`;

/** The root action's commands that show what a host tells, and those that take `references`. */
export const lookWorkflow = (references: readonly string[]): string => {
  const step = (id: string, given: Readonly<Record<string, string | boolean>>): string =>
    `      - { id: ${id}, if: always(), uses: seatrial/seatrial@v1, with: ${JSON.stringify({
      'ssh-private-key': '${{ secrets.SEATRIAL_SSH_KEY }}',
      'ssh-known-hosts': '${{ vars.SEATRIAL_KNOWN_HOSTS }}', ...given })} }`;
  return `name: Look
on: { workflow_dispatch: {} }
permissions: { contents: write, actions: read, deployments: write }
jobs:
  look:
    runs-on: ubuntu-latest
    environment: { name: production, deployment: false }
    outputs: { end: '\${{ steps.status.outputs.end }}', list: '\${{ steps.json.outputs.end }}',
      version: '\${{ steps.attach.outputs.version }}' }
    steps:
      - uses: actions/checkout@v7
${[step('status', { command: 'status', verbose: true }),
    step('json', { command: 'status', json: true }), step('attach', { command: 'attach' }),
    step('recover', { command: 'recover', json: true }),
    step('package', { command: 'package' }),
    ...references.map((release, index) =>
      step(`reference${index}`, { command: 'deploy', release }))].join('\n')}
`;
};
