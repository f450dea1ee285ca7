// What the actions say of themselves, and the steps of the composites. Inputs come from the table
// of options; only what no command knows stands here.
const attest = 'actions/attest@1e69f48acb82d1966a394da916b4c1698aa569d6 # v4.2.2';

export const engine = {
  name: 'Seatrial',
  description: 'Releases a stateful application to your own Linux servers: rehearsed on a copy of' +
    ' production, and production can always go back. One command of the engine as a step.',
  outputs: {
    'end': 'How it ended: done, unchanged, restored, refused, needs-human, cancelled, running, ' +
      'busy, degraded, bad-input or internal-error.',
    'version': 'Version of the release.',
    'digest': 'sha256 of the tarball, in hex.',
    'window-seconds': 'How long users were kept out; of a rehearsal, the most that is forecast.',
    'report': 'URL of what people read: the page of the rehearsal, the tarball, or this run.',
    'release': 'The release, for the input `release` of another step or job.',
    'receipt': 'The receipt of the rehearsal, for the input `receipt` of another step or job.',
    'artifact-id': 'Id of the artifact that is the tarball.',
    'archive': 'Path of the tarball on this runner.',
    'receipt-path': 'Path of the receipt on this runner.',
    'url': 'URL of the page of the release.',
  },
};

const of = (step, names) => Object.fromEntries(names.map((name) =>
  [name, { text: engine.outputs[name], value: `\${{ steps.${step}.outputs.${name} }}` }]));

const attestInput = {
  name: 'attest', expression: 'auto',
  text: 'Attest provenance: true, false, or auto: where the repository is public. It needs ' +
    '`id-token: write` and `attestations: write`.',
};
const wantsAttest = "(inputs.attest == 'true' || (inputs.attest == 'auto' && " +
  "github.event.repository.private == false))";

export const composites = [
  {
    name: 'package-release',
    title: 'Seatrial: package-release',
    description: 'Makes a reproducible tarball from a tag, keeps it as a raw artifact, and puts' +
      ' it on the draft of the release page.',
    inputs: [attestInput, {
      name: 'draft', expression: 'true',
      text: 'Make the draft of the release page as well; needs `contents: write`. With false, ' +
        'another job does it, which runs no code of the application.',
    }],
    outputs: of('package', ['end', 'version', 'digest', 'release', 'artifact-id', 'report']),
    steps: [
      { name: 'Package', id: 'package', command: 'package' },
      { name: 'Attest', if: `\${{ ${wantsAttest} }}`, uses: attest,
        with: { 'subject-path': '${{ steps.package.outputs.archive }}' } },
      { name: 'Draft', id: 'draft', if: "${{ inputs.draft == 'true' }}", command: 'draft',
        with: { release: '${{ steps.package.outputs.release }}' } },
    ],
  },
  {
    name: 'test-against-prod-copy',
    title: 'Seatrial: test-against-prod-copy',
    description: 'Installs a release on staging, on top of a fresh copy of production, and proves' +
      ' that it works, that nothing is lost, how long it takes, and that going back works.',
    inputs: [attestInput],
    outputs: of('rehearse', ['end', 'version', 'digest', 'window-seconds', 'receipt', 'report']),
    steps: [
      { name: 'Rehearse', id: 'rehearse', command: 'rehearse' },
      { name: 'Attest', if: `\${{ steps.rehearse.outputs.receipt != '' && ${wantsAttest} }}`,
        uses: attest, with: { 'subject-path': '${{ steps.rehearse.outputs.receipt-path }}' } },
    ],
  },
  {
    name: 'deploy-with-backup',
    title: 'Seatrial: deploy-with-backup',
    description: 'Backs up, installs a rehearsed release on production, verifies it, and brings' +
      ' everything back by itself if anything goes wrong. Then publishes the release page.',
    inputs: [{
      name: 'publish', expression: 'true',
      text: 'Publish the release page once production runs it; needs `contents: write`.',
    }],
    outputs: of('deploy', ['end', 'version', 'digest', 'window-seconds', 'report']),
    steps: [
      { name: 'Deploy', id: 'deploy', command: 'deploy' },
      // What came to staging alone is not published.
      { name: 'Publish', id: 'publish', command: 'publish', with: {},
        if: "${{ inputs.publish == 'true' && inputs.host != 'staging' }}" },
    ],
  },
];
