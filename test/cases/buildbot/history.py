"""Looks at a master through its REST interface, on the public port.

history.py build COUNT    runs so many builds of the builder `tests`, one after another
history.py show [LAST]    prints what must survive an upgrade: each build, up to the number LAST,
                          and each line of each log, as JSON
"""
import hashlib
import json
import sys
import time
import urllib.request

API = 'http://127.0.0.1:8010/api/v2/'
WITHIN_SECONDS = 60
KEPT = ['buildid', 'number', 'results', 'state_string', 'started_at', 'complete_at']


def ask(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(API + path, data, {'Content-Type': 'application/json'})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return json.load(answer)


def complete():
    return ask('builds?complete=true')['meta']['total']


def build(count):
    [builder] = ask('builders?name=tests')['builders']
    for number in range(count):
        before = complete()
        ask('forceschedulers/tests', {
            'jsonrpc': '2.0', 'id': 1, 'method': 'force',
            'params': {'builderid': str(builder['builderid']), 'reason': 'round %d' % number}})
        end = time.monotonic() + WITHIN_SECONDS
        while complete() == before:
            if time.monotonic() > end:
                sys.exit('build %d of %d has not ended' % (number + 1, count))
            time.sleep(0.1)


def logs(build_id):
    for step in ask('builds/%d/steps' % build_id)['steps']:
        for log in ask('steps/%d/logs' % step['stepid'])['logs']:
            chunks = ask('logs/%d/contents' % log['logid'])['logchunks']
            text = ''.join(chunk['content'] for chunk in chunks)
            yield [step['name'], log['logid'], log['slug'], log['num_lines'],
                   hashlib.sha256(text.encode()).hexdigest()]


def show(last):
    found = [dict(build={name: it[name] for name in KEPT}, logs=list(logs(it['buildid'])))
             for it in ask('builds?order=buildid')['builds'] if it['buildid'] <= last]
    print(json.dumps(found))


if sys.argv[1] == 'build':
    build(int(sys.argv[2]))
else:
    show(int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
