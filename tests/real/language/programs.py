#!/usr/bin/python3
# ctypes, sqlite3, compression, tempfiles, inotify, timers, locks, terminals and more of the C library through Python.
import ctypes, ctypes.util, os, sqlite3, sys, struct, time, tempfile, zipfile, tarfile, gzip, lzma, bz2, zlib, hashlib, fcntl, errno, json, pickle, re, datetime, random, shutil, locale, platform, logging, logging.handlers, configparser, csv, io, uuid, secrets, select, socket, subprocess, threading, gc, tracemalloc, traceback, array, decimal, heapq, itertools, collections, pathlib, importlib, ast, dis, curses, readline, code
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *args):
    r = getattr(libc, name)(*args); print(name, r if r <= 0 else '+', errno.errorcode.get(ctypes.get_errno()) if r < 0 else ''); return r
print(libc.abs(-3), ctypes.string_at(libc.strsignal.__name__.encode())); libc.strlen.restype = ctypes.c_size_t; print(libc.strlen(b'four')); cmp = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))(lambda a, b: a[0] - b[0]); arr = (ctypes.c_int * 5)(5, 3, 1, 4, 2); libc.qsort(arr, 5, 4, cmp); print(list(arr)); print(ctypes.CDLL('libm.so.6').cos is not None, ctypes.CDLL('libz.so.1').zlibVersion is not None)
call('close', 99); call('getpid'); call('prctl', 15, b'renamed', 0, 0, 0); print(open('/proc/self/comm').read().strip()); call('eventfd', 0, 0); t = call('timerfd_create', 1, 0); call('timerfd_settime', t, 0, struct.pack('4q', 0, 0, 0, 10000000), None); print(struct.unpack('Q', os.read(t, 8))); i = call('inotify_init'); call('inotify_add_watch', i, b'.', 0xfff); open('watched', 'w').write('x'); os.rename('watched', 'w2'); os.unlink('w2')
data = os.read(i, 4096); o = 0
while o < len(data):
    wd, mask, cookie, n = struct.unpack_from('iIII', data, o); print(hex(mask), data[o + 16:o + 16 + n].rstrip(b'\0')); o += 16 + n
call('mlock', ctypes.create_string_buffer(10), 10); call('madvise', 1, 10, 1); call('sched_yield'); call('getcpu', None, None, None); call('personality', 0xffffffff); call('umount', b'/nothere'); call('gethostname', ctypes.create_string_buffer(99), 99); call('getentropy', ctypes.create_string_buffer(9), 9); call('posix_memalign', ctypes.byref(ctypes.c_void_p()), 64, 1000); call('flock', 99, 2); call('mkdirat', -100, b'made', 0o700); call('renameat2', -100, b'made', -100, b'made2', 1); call('unlinkat', -100, b'made2', 0x200); call('splice', 0, 0, 0, 0, 10, 0); call('sethostname', b'corrode', 7); call('sysinfo', ctypes.create_string_buffer(200)); call('getitimer', 0, ctypes.create_string_buffer(32)); call('sigaltstack', None, None); call('readahead', 0, 0, 10); call('futimesat', -100, b'.', None); call('clock_getres', 1, ctypes.create_string_buffer(16)); call('mincore', 1, 10, None); call('lockf', 99, 1, 0); call('statx', -100, b'/tmp', 0, 0xfff, ctypes.create_string_buffer(256)); call('process_vm_readv', os.getpid(), None, 0, None, 0, 0); call('get_nprocs'); call('shm_open', b'/x', 0o102, 0o600); call('shm_unlink', b'/x'); call('mq_unlink', b'/none') if 0 else None
for where in ':memory:', 'file.db':
    db = sqlite3.connect(where); db.execute('create table t(a, b)'); db.executemany('insert into t values(?, ?)', ((i, str(i)) for i in range(1000))); db.commit(); print(db.execute('select count(*), sum(a), max(b) from t').fetchone(), list(db.execute('select a from t order by b desc limit 3')))
    try: db.execute('insert into nothere values(1)')
    except sqlite3.Error as e: print(e)
    db.create_function('twice', 1, lambda x: x * 2); print(db.execute('select twice(21)').fetchone(), len(list(db.iterdump()))); db.close()
db = sqlite3.connect('wal.db'); print(db.execute('pragma journal_mode=wal').fetchone()); db.execute('create table t(a)'); db.commit(); ts = []
def insert(n):
    c = sqlite3.connect('wal.db', timeout=60)
    for i in range(10):
        with c: c.execute('insert into t values(?)', (n * 100 + i,))
    c.close()
for n in range(4): ts.append(threading.Thread(target=insert, args=(n,))); ts[-1].start()
[t.join() for t in ts]; print(db.execute('select count(*), sum(a) from t').fetchone()); db.close(); print(sorted(os.listdir('.')))
data = b'the quick brown fox ' * 5000
for m in zlib, gzip, bz2, lzma: print(m.__name__, m.decompress(m.compress(data)) == data)
with zipfile.ZipFile('z.zip', 'w', zipfile.ZIP_DEFLATED) as z: z.writestr('a/b.txt', data)
print(zipfile.ZipFile('z.zip').namelist(), zipfile.ZipFile('z.zip').testzip()); tarfile.open('t.tgz', 'w:gz').add('/etc/passwd', 'passwd'); print(hashlib.sha256(data).hexdigest()[:16], hashlib.blake2b(data).hexdigest()[:16], zlib.crc32(data))
with tempfile.TemporaryDirectory() as d: p = pathlib.Path(d, 'x'); p.write_text('pathlib'); print(p.read_text(), p.stat().st_size, p.parent.name != '', [q.name for q in pathlib.Path(d).iterdir()])
with tempfile.NamedTemporaryFile() as f: f.write(b'x'); f.flush(); print(os.path.getsize(f.name))
with tempfile.TemporaryFile() as f: f.write(b'nameless'); f.seek(0); print(f.read(), os.fstat(f.fileno()).st_nlink)
print(shutil.disk_usage('/tmp').total > 0, shutil.which('sh'), shutil.copy2('/etc/passwd', 'pw'), shutil.make_archive('arch', 'tar', '/etc', 'passwd') != ''); print(json.loads(json.dumps({'a': [1, 2.5, None, 'ü']})), pickle.loads(pickle.dumps({1: (2, 3)})), platform.system(), platform.machine(), locale.setlocale(locale.LC_ALL, 'C.UTF-8'), sys.getfilesystemencoding(), datetime.datetime.fromtimestamp(0).isoformat(), decimal.Decimal(1) / 7, time.strftime('%Z', time.localtime(0)), time.get_clock_info('monotonic').resolution, time.clock_getres(time.CLOCK_REALTIME), time.tzname); t0 = time.perf_counter(); time.sleep(0.02); print(0.02 <= time.perf_counter() - t0 < 2, time.thread_time() > 0, time.process_time() > 0, time.monotonic() > 0, time.clock_gettime(time.CLOCK_BOOTTIME) > 0, time.time() > 1.5e9)
open('ü€', 'w').write('name'); print([n for n in os.listdir('.') if not n.isascii()]); print(os.fsencode('ü'), len(uuid.uuid4().hex), len(secrets.token_bytes(8))); gc.collect(); tracemalloc.start(); x = [0] * 100000; print(tracemalloc.get_traced_memory()[0] > 700000); x = bytearray(200 << 20); x[::4096] = b'x' * len(x[::4096]); print(len(x)); del x
try: bytearray(1 << 46)
except MemoryError: print('MemoryError')
sys.setrecursionlimit(5000); f = lambda n: n and 1 + f(n - 1); print(f(4000)); print(sum(i * i for i in range(300000)), len({i: i for i in range(100000)})); print(subprocess.run([sys.executable, '-c', 'import os; os.abort()'], stderr=subprocess.DEVNULL).returncode, subprocess.run([sys.executable, '-X', 'faulthandler', '-c', 'import ctypes; ctypes.string_at(0)'], stderr=subprocess.PIPE).stderr.splitlines()[0], subprocess.run([sys.executable, '-c', 'import sys; sys.exit(9)']).returncode, subprocess.run([sys.executable, '-c', '1/0'], stderr=subprocess.PIPE).stderr.splitlines()[-1], subprocess.run([sys.executable, '-'], input=b'print("from stdin")', stdout=subprocess.PIPE).stdout, subprocess.run([sys.executable, '-m', 'json.tool'], input=b'[1]', stdout=subprocess.PIPE).stdout)
