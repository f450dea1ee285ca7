import { afterAll, beforeAll } from 'vitest';
import { conformance } from './conformance.ts';
import { Zodb, zodbBench } from './zodb-bench.ts';

let zodb: Zodb | undefined;
beforeAll(() => { zodb = Zodb.install(); });
afterAll(async () => { await zodb?.remove(); });

const installed = (): Zodb => {
  if (zodb === undefined) throw new Error('ZODB was not installed');
  return zodb;
};

conformance(zodbBench(installed));
