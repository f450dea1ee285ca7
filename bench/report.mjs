import { shown, spread, table } from './numbers.mjs';

const ways = {
  loopback: () => 'To sshd on loopback',
  distant: ({ delay }) => `Through a relay: ${2 * Number(delay)} ms for each round trip`,
};

/** The whole result as Markdown: a table for each way, then the parts of Seatrial's deployments. */
export function report(measured, { chosen, versions, load, options }) {
  const counted = Number(options.rounds) - 1;
  const texts = [`${counted} counted rounds; times are min · median · max; `
    + `load of the machine over five minutes: ${load.toFixed(1)}.`,
  `${versions.join('; ')}; Node.js ${process.version}.`];
  for (const { way, results } of measured) {
    texts.push(`## ${ways[way](options)}`, peersTable(chosen, results));
    const parts = partsTable(chosen, results);
    if (parts !== undefined) texts.push('Where Seatrial spends it (seconds):', parts);
    if (options.json) {
      texts.push(JSON.stringify([...results].map(([peer, runs]) => ({ peer: peer.name, runs }))));
    }
  }
  return texts.join('\n\n');
}

function peersTable(chosen, results) {
  const floor = chosen.find(({ name }) => name === 'ssh');
  const of = (peer, key) => results.get(peer).map((run) => run[key]);
  const ratio = (peer) => (floor === undefined ? '-' : ['min', 'median'].map((which) =>
    (spread(of(peer, 'seconds'))[which] / spread(of(floor, 'seconds'))[which]).toFixed(2))
    .join(' · '));
  return table([
    ['peer', 'ratio to plain ssh (min · median)', 'seconds', 'connections', 'commands', 'sftp',
      'users without an answer, ms'],
    ...chosen.map((peer) => [peer.title, ratio(peer), shown(of(peer, 'seconds'), 2),
      ...['connections', 'commands', 'sftp'].map((key) => range(of(peer, key))),
      shown(of(peer, 'downMs'), 0)]),
  ]);
}

/** Counts are exact: one number, or the smallest and the largest. */
function range(values) {
  const { min, max } = spread(values);
  return min === max ? `${min}` : `${min}-${max}`;
}

function partsTable(chosen, results) {
  const own = chosen.filter((peer) => results.get(peer)[0]?.parts !== undefined);
  if (own.length === 0) return undefined;
  const names = Object.keys(results.get(own[0])[0].parts);
  return table([
    ['', ...names],
    ...own.map((peer) => [peer.title, ...names.map((name) =>
      shown(results.get(peer).map(({ parts }) => parts[name]), 2))]),
  ]);
}
