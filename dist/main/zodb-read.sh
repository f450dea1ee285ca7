# shellcheck shell=sh
# Reads a FileStorage with the standard library of Python alone: the classes of the application are
# not there and are not needed, and nothing that a pickle names is ever called.

# zodb_program: `walk FILE` or `look FILE BLOBS`, to be read by python3 from standard input.
zodb_program() {
  cat <<'EOF'
import hashlib, io, os, pickle, struct, sys

HEADER = struct.Struct('>8sQcHHH')
RECORD = struct.Struct('>8s8sQQHQ')


class Storage:
    def __init__(self, path):
        self.file = open(path, 'rb')
        self.size = os.fstat(self.file.fileno()).st_size
        self.where = {}
        self.transactions = 0
        self.tid = bytes(8)

    def take(self, position, count):
        self.file.seek(position)
        data = self.file.read(count)
        if len(data) != count:
            raise ValueError('it ends in the middle of a transaction')
        return data

    def walk(self):
        """Every transaction, by its length at both ends. Where the newest of each object is."""
        position = 4
        while position < self.size:
            head = self.take(position, HEADER.size)
            tid, length, status, user, description, extra = HEADER.unpack(head)
            if status not in b' pu' or tid <= self.tid or length < HEADER.size:
                raise ValueError('the transaction at byte %d is not whole' % position)
            end = position + length
            if struct.unpack('>Q', self.take(end, 8))[0] != length:
                raise ValueError('the transaction at byte %d has two lengths' % position)
            self.tid = tid
            self.transactions += 1
            self.records(position, HEADER.size + user + description + extra, end)
            position = end + 8

    def records(self, start, head, end):
        position = start + head
        while position < end:
            head = self.take(position, RECORD.size)
            oid, tid, _, transaction, version, length = RECORD.unpack(head)
            if tid != self.tid or transaction != start:
                raise ValueError('the record at byte %d is not of its transaction' % position)
            if version:
                raise ValueError('it has versions, which ZODB has given up')
            self.where[oid] = position
            position += RECORD.size + (length or 8)
        if position != end:
            raise ValueError('a record is longer than its transaction')

    def load(self, oid):
        """The state of an object and the transaction that wrote it; None where it was undone."""
        position = self.where.get(oid)
        if position is None:
            return None
        tid = self.take(position + 8, 8)
        while True:
            length = RECORD.unpack(self.take(position, RECORD.size))[5]
            if length:
                return self.take(position + RECORD.size, length), tid
            position = struct.unpack('>Q', self.take(position + RECORD.size, 8))[0]
            if not position:
                return None


class Anything:
    """Stands for every class: takes all that a pickle does to an object, and does nothing."""
    def __new__(cls, *_, **__):
        return object.__new__(cls)

    def __init__(self, *_, **__):
        pass

    def __setstate__(self, state):
        pass

    def __setitem__(self, key, value):
        pass

    def append(self, item):
        pass

    def extend(self, items):
        pass

    add = append


class Reader(pickle.Unpickler):
    def __init__(self, data):
        super().__init__(data, encoding='bytes')
        self.references = []

    def find_class(self, module, name):
        return type(str(name), (Anything,), {'named': '%s.%s' % (module, name)})

    def persistent_load(self, reference):
        if isinstance(reference, tuple):
            self.references.append(reference[0])
        elif isinstance(reference, bytes):
            self.references.append(reference)
        # Weak references and those to other databases keep nothing.
        return None


def text(value):
    return value.decode('utf-8', 'replace') if isinstance(value, bytes) else str(value)


def class_of(meta):
    if isinstance(meta, tuple):
        meta = meta[0]
    if isinstance(meta, tuple):
        return '%s.%s' % (text(meta[0]), text(meta[1]))
    return getattr(meta, 'named', 'unknown')


def read(data):
    reader = Reader(io.BytesIO(data))
    try:
        name = class_of(reader.load())
        reader.load()
        return name, reader.references
    except Exception as problem:
        return 'unreadable', reader.references


def blob_path(root, oid, tid):
    layout = 'lawn'
    if os.path.exists(os.path.join(root, '.layout')):
        layout = open(os.path.join(root, '.layout')).read().strip()
    if layout == 'bushy':
        where = os.path.join(*['0x%02x' % byte for byte in oid])
    else:
        where = '0x' + oid.hex()
    return os.path.join(root, where, '0x%s.blob' % tid.hex())


def look(storage, blobs):
    """What can be reached from the root: count and digest by class, and the blobs."""
    classes, missing, found = {}, [], [0, 0]
    seen, queue = set(), [bytes(8)]
    while queue:
        oid = queue.pop()
        loaded = None if oid in seen else storage.load(oid)
        seen.add(oid)
        if loaded is None:
            continue
        data, tid = loaded
        name, references = read(data)
        count = classes.setdefault(name, [0, 0])
        count[0] += 1
        count[1] += int(hashlib.sha256(oid + data).hexdigest()[:15], 16)
        queue.extend(it for it in references if isinstance(it, bytes) and it not in seen)
        if name == 'ZODB.blob.Blob' and blobs:
            add_blob(blob_path(blobs, oid, tid), oid, found, missing)
    for name in sorted(classes):
        print('\t'.join(['class', name, 'persistent']))
        print('\t'.join(['rows', name, str(classes[name][0]), str(classes[name][1])]))
    if blobs:
        print('\t'.join(['rows', 'blobs', str(found[0]), str(found[1])]))
    return missing


def add_blob(path, oid, found, missing):
    digest = hashlib.sha256(oid)
    try:
        with open(path, 'rb') as blob:
            for part in iter(lambda: blob.read(1 << 20), b''):
                digest.update(part)
    except OSError:
        missing.append(path)
        return
    found[0] += 1
    found[1] += int(digest.hexdigest()[:15], 16)


def main(how, path, blobs=''):
    storage = Storage(path)
    storage.walk()
    if how == 'walk':
        print(storage.transactions)
        return
    missing = look(storage, blobs)
    if missing:
        raise ValueError('%d blobs are missing, %s among them' % (len(missing), missing[0]))


try:
    main(*sys.argv[1:])
except (ValueError, OSError, struct.error) as problem:
    sys.exit(str(problem))
EOF
}
