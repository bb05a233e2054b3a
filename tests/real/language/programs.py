#!/usr/bin/python3
# ctypes, sqlite3, compression, tempfiles, inotify, timers, locks, terminals and more of the C library through Python.

# Not all are used below: that they can be imported is looked at, too.
import ctypes, ctypes.util, os, sqlite3, sys, struct, time, tempfile, zipfile, tarfile, gzip, lzma, bz2, zlib, hashlib
import fcntl, errno, json, pickle, re, datetime, random, shutil, locale, platform, logging, logging.handlers
import configparser, csv, io, uuid, secrets, select, socket, subprocess, threading, gc, tracemalloc, traceback, array
import decimal, heapq, itertools, collections, pathlib, importlib, ast, dis, curses, readline, code

libc = ctypes.CDLL(None, use_errno=True)


# A function of the C library: its name, its result or just that it is positive, the error.
def call(name, *args):
    result = getattr(libc, name)(*args)
    print(name, result if result <= 0 else '+', errno.errorcode.get(ctypes.get_errno()) if result < 0 else '')
    return result


# Calls into libraries and back.
print(libc.abs(-3), ctypes.string_at(libc.strsignal.__name__.encode()))
libc.strlen.restype = ctypes.c_size_t
print(libc.strlen(b'four'))
comparison = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
compare = comparison(lambda a, b: a[0] - b[0])
numbers = (ctypes.c_int * 5)(5, 3, 1, 4, 2)
libc.qsort(numbers, 5, 4, compare)
print(list(numbers))
print(ctypes.CDLL('libm.so.6').cos is not None, ctypes.CDLL('libz.so.1').zlibVersion is not None)

# A name (15 is PR_SET_NAME), an event, a timer of 10 ms.
call('close', 99)
call('getpid')
call('prctl', 15, b'renamed', 0, 0, 0)
print(open('/proc/self/comm').read().strip())
call('eventfd', 0, 0)
timer = call('timerfd_create', 1, 0)
call('timerfd_settime', timer, 0, struct.pack('4q', 0, 0, 0, 10000000), None)
print(struct.unpack('Q', os.read(timer, 8)))

# What inotify says of a file that is made, moved and removed.
watcher = call('inotify_init')
call('inotify_add_watch', watcher, b'.', 0xfff)
open('watched', 'w').write('x')
os.rename('watched', 'w2')
os.unlink('w2')
data = os.read(watcher, 4096)
offset = 0
while offset < len(data):
    wd, mask, cookie, length = struct.unpack_from('iIII', data, offset)
    print(hex(mask), data[offset + 16:offset + 16 + length].rstrip(b'\0'))
    offset += 16 + length

# Calls that Python has no words for (-100 is AT_FDCWD).
call('mlock', ctypes.create_string_buffer(10), 10)
call('madvise', 1, 10, 1)
call('sched_yield')
call('getcpu', None, None, None)
call('personality', 0xffffffff)
call('umount', b'/nothere')
call('gethostname', ctypes.create_string_buffer(99), 99)
call('getentropy', ctypes.create_string_buffer(9), 9)
call('posix_memalign', ctypes.byref(ctypes.c_void_p()), 64, 1000)
call('flock', 99, 2)
call('mkdirat', -100, b'made', 0o700)
call('renameat2', -100, b'made', -100, b'made2', 1)
call('unlinkat', -100, b'made2', 0x200)
call('splice', 0, 0, 0, 0, 10, 0)
call('sethostname', b'corrode', 7)
call('sysinfo', ctypes.create_string_buffer(200))
call('getitimer', 0, ctypes.create_string_buffer(32))
call('sigaltstack', None, None)
call('readahead', 0, 0, 10)
call('futimesat', -100, b'.', None)
call('clock_getres', 1, ctypes.create_string_buffer(16))
call('mincore', 1, 10, None)
call('lockf', 99, 1, 0)
call('statx', -100, b'/tmp', 0, 0xfff, ctypes.create_string_buffer(256))
call('process_vm_readv', os.getpid(), None, 0, None, 0, 0)
call('get_nprocs')
call('shm_open', b'/x', 0o102, 0o600)
call('shm_unlink', b'/x')

# SQLite, in memory and in a file.
for where in ':memory:', 'file.db':
    db = sqlite3.connect(where)
    db.execute('create table t(a, b)')
    db.executemany('insert into t values(?, ?)', ((i, str(i)) for i in range(1000)))
    db.commit()
    print(db.execute('select count(*), sum(a), max(b) from t').fetchone(),
          list(db.execute('select a from t order by b desc limit 3')))
    try:
        db.execute('insert into nothere values(1)')
    except sqlite3.Error as e:
        print(e)
    db.create_function('twice', 1, lambda x: x * 2)
    print(db.execute('select twice(21)').fetchone(), len(list(db.iterdump())))
    db.close()


# A database with a log that is written ahead, and four threads that write into it.
def insert(thread):
    connection = sqlite3.connect('wal.db', timeout=60)
    for i in range(10):
        with connection:
            connection.execute('insert into t values(?)', (thread * 100 + i,))
    connection.close()


db = sqlite3.connect('wal.db')
print(db.execute('pragma journal_mode=wal').fetchone())
db.execute('create table t(a)')
db.commit()
threads = []
for n in range(4):
    threads.append(threading.Thread(target=insert, args=(n,)))
    threads[-1].start()
for thread in threads:
    thread.join()
print(db.execute('select count(*), sum(a) from t').fetchone())
db.close()
print(sorted(os.listdir('.')))

# Compression, archives, sums.
data = b'the quick brown fox ' * 5000
for method in zlib, gzip, bz2, lzma:
    print(method.__name__, method.decompress(method.compress(data)) == data)
with zipfile.ZipFile('z.zip', 'w', zipfile.ZIP_DEFLATED) as archive:
    archive.writestr('a/b.txt', data)
print(zipfile.ZipFile('z.zip').namelist(), zipfile.ZipFile('z.zip').testzip())
tarfile.open('t.tgz', 'w:gz').add('/etc/passwd', 'passwd')
print(hashlib.sha256(data).hexdigest()[:16], hashlib.blake2b(data).hexdigest()[:16], zlib.crc32(data))

# Files and folders for a while, and one without a name.
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, 'x')
    path.write_text('pathlib')
    print(path.read_text(), path.stat().st_size, path.parent.name != '',
          [found.name for found in pathlib.Path(folder).iterdir()])
with tempfile.NamedTemporaryFile() as f:
    f.write(b'x')
    f.flush()
    print(os.path.getsize(f.name))
with tempfile.TemporaryFile() as f:
    f.write(b'nameless')
    f.seek(0)
    print(f.read(), os.fstat(f.fileno()).st_nlink)
print(shutil.disk_usage('/tmp').total > 0, shutil.which('sh'), shutil.copy2('/etc/passwd', 'pw'),
      shutil.make_archive('arch', 'tar', '/etc', 'passwd') != '')

# What Python makes of the system, and times.
print(json.loads(json.dumps({'a': [1, 2.5, None, 'ü']})), pickle.loads(pickle.dumps({1: (2, 3)})), platform.system(),
      platform.machine(), locale.setlocale(locale.LC_ALL, 'C.UTF-8'), sys.getfilesystemencoding(),
      datetime.datetime.fromtimestamp(0).isoformat(), decimal.Decimal(1) / 7, time.strftime('%Z', time.localtime(0)),
      time.get_clock_info('monotonic').resolution, time.clock_getres(time.CLOCK_REALTIME), time.tzname)
t0 = time.perf_counter()
time.sleep(0.02)
print(0.02 <= time.perf_counter() - t0 < 2, time.thread_time() > 0, time.process_time() > 0, time.monotonic() > 0,
      time.clock_gettime(time.CLOCK_BOOTTIME) > 0, time.time() > 1.5e9)

# Names that are not ASCII; random numbers.
open('ü€', 'w').write('name')
print([n for n in os.listdir('.') if not n.isascii()])
print(os.fsencode('ü'), len(uuid.uuid4().hex), len(secrets.token_bytes(8)))

# Much memory, too much memory, a deep stack, work.
gc.collect()
tracemalloc.start()
x = [0] * 100000
print(tracemalloc.get_traced_memory()[0] > 700000)
x = bytearray(200 << 20)
x[::4096] = b'x' * len(x[::4096])
print(len(x))
del x
try:
    bytearray(1 << 46)
except MemoryError:
    print('MemoryError')
sys.setrecursionlimit(5000)
deep = lambda n: n and 1 + deep(n - 1)
print(deep(4000))
print(sum(i * i for i in range(300000)), len({i: i for i in range(100000)}))


# Other Pythons: how they end.
def python(*args, **named):
    return subprocess.run([sys.executable, *args], **named)


print(python('-c', 'import os; os.abort()', stderr=subprocess.DEVNULL).returncode,
      python('-X', 'faulthandler', '-c', 'import ctypes; ctypes.string_at(0)',
             stderr=subprocess.PIPE).stderr.splitlines()[0],
      python('-c', 'import sys; sys.exit(9)').returncode,
      python('-c', '1/0', stderr=subprocess.PIPE).stderr.splitlines()[-1],
      python('-', input=b'print("from stdin")', stdout=subprocess.PIPE).stdout,
      python('-m', 'json.tool', input=b'[1]', stdout=subprocess.PIPE).stdout)
