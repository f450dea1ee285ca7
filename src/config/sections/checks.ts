import type { CheckConfig } from '../config.ts';
import { list } from '../shape/collections.ts';
import { object, required, variants } from '../shape/object.ts';
import { mapped, type Shape } from '../shape/shape.ts';
import { commandCheck, recordsCheck } from './check-commands.ts';
import { httpCheck } from './check-http.ts';
import { logCheck } from './check-log.ts';

const http: Shape<CheckConfig> = mapped(object<{ http: CheckConfig }>({
  http: required(httpCheck, 'Asks a URL, on the host.'),
}, { expects: 'the key http' }), (it) => it.http);

const log: Shape<CheckConfig> = mapped(object<{ log: CheckConfig }>({
  log: required(logCheck, 'Looks at the lines that are new in a log file.'),
}, { expects: 'the key log' }), (it) => it.log);

const command: Shape<CheckConfig> = mapped(object<{ command: CheckConfig }>({
  command: required(commandCheck, 'Runs a command; exit 0 is a pass.'),
}, { expects: 'the key command' }), (it) => it.command);

const records: Shape<CheckConfig> = mapped(object<{ records: CheckConfig }>({
  records: required(recordsCheck, 'Opens old records through the application.'),
}, { expects: 'the key records' }), (it) => it.records);

const check = variants<CheckConfig>([
  { keys: ['http'], shape: http },
  { keys: ['log'], shape: log },
  { keys: ['command'], shape: command },
  { keys: ['records'], shape: records },
], { expects: 'one of { http }, { log }, { command }, { records }' });

export const checksFix = 'Write at least one, - http: http://localhost:8080/health say: '
  + 'without a check nothing shows that a release works.';

export const checks: Shape<readonly CheckConfig[]> = list(check, {
  expects: 'a list of checks', min: 1,
});
