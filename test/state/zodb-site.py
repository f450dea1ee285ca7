"""A ZODB with blobs and an archive for the tests: fill | read | spoil | write | units | pack.

Arguments: COMMAND DATA BLOBS ARCHIVE; or `serve`, and these four as a line of JSON on standard
input, answered by a line each: starting a process takes longer than most of it. `write` adds a unit
again and again, each a file of the archive, two objects and a blob in one transaction, and prints
its number when it is committed.
"""
import contextlib
import io
import json
import os
import sys
import time
import traceback

import transaction
from BTrees.IOBTree import IOBTree
from persistent.list import PersistentList
from persistent.mapping import PersistentMapping
from ZODB import DB
from ZODB.blob import Blob
from ZODB.FileStorage import FileStorage

data = blobs = archive = ''


def opened(read_only=False):
    storage = FileStorage(data, blob_dir=blobs, read_only=read_only)
    return DB(storage)


def keep_file(name, text):
    """As an application does it: whole under another name first."""
    path = os.path.join(archive, name)
    with open(path + '.part', 'w') as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.rename(path + '.part', path)


def new_blob(text):
    blob = Blob()
    with blob.open('w') as file:
        file.write(text.encode())
    return blob


def fill():
    os.makedirs(archive, exist_ok=True)
    os.makedirs(os.path.join(archive, 'sub dir'), exist_ok=True)
    keep_file('minutes 1.txt', 'minutes of the first meeting')
    keep_file('sub dir/slides.txt', 'slides')
    os.symlink('minutes 1.txt', os.path.join(archive, 'latest'))
    database = opened()
    root = database.open().root()
    root['meetings'] = PersistentMapping()
    transaction.commit()
    for number in range(1, 30):
        root['meetings'][number] = PersistentMapping(
            title='meeting %d' % number, speakers=PersistentList(['a', 'b', str(number)]))
        transaction.get().note('meeting %d' % number)
        transaction.commit()
    root['slides'] = new_blob('the slides')
    root['a'], root['b'], root['blobs'] = IOBTree(), IOBTree(), IOBTree()
    transaction.commit()
    database.close()


def plain(value):
    if isinstance(value, Blob):
        with value.open('r') as file:
            return 'blob %s' % file.read().decode()
    if isinstance(value, (PersistentMapping, IOBTree)):
        return {key: plain(value[key]) for key in sorted(value.keys())}
    if isinstance(value, PersistentList):
        return [plain(item) for item in value]
    return value


def read():
    if not os.path.exists(data):
        return
    database = opened(read_only=True)
    for name, value in sorted(plain(database.open().root()).items()):
        print(name, value)
    database.close()
    for directory, names, files in sorted(os.walk(archive)):
        for name in sorted(names + files):
            path = os.path.join(directory, name)
            text = open(path).read() if os.path.isfile(path) else ''
            print(os.path.relpath(path, archive), text)


def spoil():
    database = opened()
    root = database.open().root()
    root['meetings'][1]['title'] = 'spoilt'
    if 2 in root['meetings']:
        del root['meetings'][2]
    root['slides'] = new_blob('other slides')
    root['new'] = PersistentList([1])
    transaction.commit()
    database.close()
    if os.path.exists(os.path.join(archive, 'sub dir/slides.txt')):
        os.remove(os.path.join(archive, 'sub dir/slides.txt'))
    keep_file('minutes 1.txt', 'nothing')


def write():
    database = opened()
    root = database.open().root()
    number = len(root['a'])
    while True:
        number += 1
        keep_file('unit %d' % number, 'unit %d' % number)
        root['a'][number] = PersistentMapping(n=number, text='x' * 2000)
        root['b'][number] = PersistentMapping(n=number, file='unit %d' % number)
        root['blobs'][number] = new_blob('blob %d' % number)
        transaction.commit()
        print(number, flush=True)
        time.sleep(0.01)


def units():
    database = opened(read_only=True)
    root = database.open().root()
    numbers = list(root['a'])
    if numbers != list(root['b']) or numbers != list(root['blobs']):
        sys.exit('torn: %d and %d' % (len(root['a']), len(root['b'])))
    for number in numbers:
        if open(os.path.join(archive, root['b'][number]['file'])).read() != 'unit %d' % number:
            sys.exit('torn: the file of unit %d' % number)
        if plain(root['blobs'][number]) != 'blob blob %d' % number:
            sys.exit('torn: the blob of unit %d' % number)
    print(len(numbers))
    database.close()


def pack():
    database = opened()
    database.pack()
    database.close()


commands = {'fill': fill, 'read': read, 'spoil': spoil, 'write': write, 'units': units,
            'pack': pack}


def run(command, *parts):
    global data, blobs, archive
    data, blobs, archive = parts
    commands[command]()


def serve():
    for line in sys.stdin:
        said = io.StringIO()
        error = ''
        try:
            with contextlib.redirect_stdout(said):
                run(*json.loads(line))
        except BaseException:
            error = traceback.format_exc()
            transaction.abort()
        print(json.dumps({'said': said.getvalue(), 'error': error}), flush=True)


if sys.argv[1] == 'serve':
    serve()
else:
    run(*sys.argv[1:5])
