// npm run bench [-- PART] [options]: without a part, one deployment by each peer.
const parts = { deploy: './run.mjs', parity: './parity.mjs', mysql: './mysql.mjs',
  postgres: './postgres.mjs', sqlite: './sqlite.mjs', start: './start.mjs' };

const named = Object.hasOwn(parts, process.argv[2] ?? '');
const [part] = named ? process.argv.splice(2, 1) : ['deploy'];
await import(parts[part]);
