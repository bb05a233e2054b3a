#!/usr/bin/python3
# os, files, mmap, signals, time, ctypes, select, resource, fcntl, pty, tempfile, shutil.

# Not all are used below: that they can be imported is looked at, too.
import os, sys, mmap, signal, time, ctypes, select, resource, fcntl, tempfile, shutil, stat, errno, socket, struct
import threading, termios, pty, glob, json, re, random, hashlib, zlib, lzma, bz2, platform, getpass, pwd, grp, locale
import datetime, sqlite3, array


def section(name):
    print('--', name)
    sys.stdout.flush()


def fails(what, *args, **named):
    try:
        print('no error', what(*args, **named))
    except OSError as e:
        print(type(e).__name__, errno.errorcode.get(e.errno), e.filename)
    except Exception as e:
        print(type(e).__name__, e)


section('os')
print(os.getcwd(), os.getuid(), os.getgid(), os.getpgid(0) > 0, os.uname().sysname, os.getgroups(), os.umask(0o22))

# Every kind of file, and what folders say of them.
os.makedirs('a/b/c')
open('a/f', 'w').write('text')
os.symlink('f', 'a/l')
os.link('a/f', 'a/h')
os.mkfifo('a/p')
os.mknod('a/r', 0o600 | stat.S_IFREG)
for root, dirs, files in os.walk('a'):
    dirs.sort()
    print(root, dirs, sorted(files))
print(sorted((e.name, e.is_dir(), e.is_symlink(), e.stat(follow_symlinks=False).st_nlink) for e in os.scandir('a')))
st = os.stat('a/f')
print(oct(st.st_mode), st.st_size, st.st_nlink, st.st_blocks, st.st_blksize)
os.utime('a/f', ns=(123456789, 987654321))
print(os.stat('a/f').st_mtime_ns, os.stat('a/f').st_atime_ns)

# Errors: which one, for what.
fails(os.rmdir, 'a')
fails(os.unlink, 'a')
fails(os.mkdir, 'a')
fails(os.open, 'a', os.O_WRONLY)
fails(os.open, 'a/f/x', os.O_RDONLY)
fails(os.readlink, 'a/f')
fails(os.rename, 'a', 'a/b/x')
fails(os.chdir, 'nothere')
fails(os.kill, 99999, 0)
fails(os.setpgid, 1, 0)
fails(os.close, 99)
fails(os.read, 99, 1)
fails(os.listdir, 'a/f')
fails(os.open, 'x' * 300, os.O_CREAT)
fails(os.link, 'a', 'z')
fails(os.symlink, 'x', 'a/f')
fails(os.truncate, 'a', 0)
fails(os.pread, 0, 1, -1)
fails(os.waitpid, -1, 0)

# Reading and writing at offsets, from and into several buffers; lengths.
fd = os.open('a/f', os.O_RDWR)
print(os.pread(fd, 2, 1), os.pwrite(fd, b'XX', 6), os.fstat(fd).st_size, os.lseek(fd, 0, os.SEEK_END),
      os.readv(fd, [bytearray(3)]), os.preadv(fd, [bytearray(2), bytearray(3)], 0), os.pwritev(fd, [b'a', b'b'], 0))
os.ftruncate(fd, 3)
os.fsync(fd)
os.fdatasync(fd)
os.posix_fallocate(fd, 0, 100)
print(os.fstat(fd).st_size)
os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_WILLNEED)
print(os.copy_file_range(fd, os.open('a/copy', os.O_CREAT | os.O_RDWR), 50))
os.close(fd)

# What can be asked of the system and of a process.
print(os.get_inheritable(os.open('a/f', os.O_RDONLY)), os.isatty(0), os.access('a/f', os.X_OK),
      os.path.realpath('a/l'), os.statvfs('/tmp').f_namemax, os.sysconf('SC_PAGE_SIZE'),
      os.sysconf('SC_NPROCESSORS_ONLN') > 0, os.cpu_count() > 0, os.pathconf('.', 'PC_NAME_MAX'),
      os.getpriority(os.PRIO_PROCESS, 0), os.nice(1), len(os.urandom(9)), os.getloadavg()[0] >= 0,
      len(os.sched_getaffinity(0)) > 0, os.sched_getscheduler(0), os.sched_get_priority_max(1),
      os.get_terminal_size.__name__)
print(os.memfd_create('m') > 0, os.eventfd(3) > 0)

# A pipe that does not wait, of another size (1032 and 1031 are F_GETPIPE_SZ and F_SETPIPE_SZ).
r, w = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
fails(os.read, r, 1)
os.write(w, b'x' * 10)
print(os.read(r, 100), fcntl.fcntl(r, 1032))
fcntl.fcntl(r, 1031, 4096)
fails(os.write, w, b'')
print(os.write(w, b'y' * 10000))
fails(os.write, w, b'z')
os.close(w)
print(len(os.read(r, 9999)), os.read(r, 1))

# Names that are looked up from an open folder; owners.
d = os.open('a', os.O_RDONLY | os.O_DIRECTORY)
print(os.stat('f', dir_fd=d).st_size, sorted(os.listdir(d))[:3])
os.rename('f', 'g', src_dir_fd=d, dst_dir_fd=d)
os.chmod('a/g', 0o640)
os.chown('a/g', 5, 6)
print(os.stat('a/g').st_uid, os.path.exists('a/f'))
os.lchown('a/l', 1, 1)
os.sync()
shutil.rmtree('a')
print(os.listdir('.'))

section('processes')
# One that ends, one that a signal ends.
pid = os.fork()
if pid == 0:
    os._exit(7)
p, s = os.waitpid(pid, 0)
print(p == pid, os.waitstatus_to_exitcode(s))
pid = os.fork()
if pid == 0:
    signal.pause()
os.kill(pid, signal.SIGTERM)
print(os.waitpid(pid, 0)[1])

# Other programs.
print(os.system('exit 3'), os.popen('echo popened').read())
pid = os.posix_spawn('/bin/sh', ['sh', '-c', 'exit 9'], {}, setpgroup=0, file_actions=[(os.POSIX_SPAWN_CLOSE, 5)])
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
print(os.spawnvp(os.P_WAIT, 'sh', ['sh', '-c', 'kill -9 $$']))

# One that gives up being root. It says again what waits in the buffer that it got.
pid = os.fork()
if pid == 0:
    os.setsid()
    os.setuid(1000)
    fails(os.setuid, 0)
    fails(os.kill, 1, 0)
    fails(os.open, '/etc/newfile', os.O_CREAT)
    sys.stdout.flush()
    os._exit(0)
r = os.wait4(pid, 0)
print(r[1], r[2].ru_maxrss > 0)
print(os.waitid.__name__)

# One that stops, goes on and ends.
pid = os.fork()
if pid == 0:
    os.execvp('sh', ['sh', '-c', 'kill -STOP $$; exit 4'])
w = os.waitid(os.P_PID, pid, os.WSTOPPED)
print(w.si_code == os.CLD_STOPPED, w.si_status)
os.kill(pid, signal.SIGCONT)
w = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
print(w.si_code == os.CLD_EXITED, w.si_status, os.waitpid(pid, 0)[1])
print(os.times().elapsed > 0)

section('mmap')
with open('m', 'wb+') as f:
    # A mapping and its file show each other's changes.
    f.truncate(8192)
    m = mmap.mmap(f.fileno(), 0)
    m[0:5] = b'hello'
    m.flush()
    f.seek(0)
    print(f.read(5))
    f.seek(4096)
    f.write(b'written')
    f.flush()
    print(m[4096:4103], m.find(b'written'))
    m.resize(16384)
    print(len(m), os.fstat(f.fileno()).st_size)
    m.madvise(mmap.MADV_DONTNEED)
    print(m[:5])
    m.move(100, 0, 5)
    print(m[100:105])

    # A private one, one to read, one that is too long.
    c = mmap.mmap(f.fileno(), 4096, access=mmap.ACCESS_COPY)
    c[0] = 33
    print(m[0], c[0])
    ro = mmap.mmap(f.fileno(), 4096, prot=mmap.PROT_READ)
    fails(ro.__setitem__, 0, 1)
    fails(mmap.mmap, f.fileno(), 1 << 20)
    m.close()

# Memory that a child shares, and memory that it does not.
a = mmap.mmap(-1, 4096)
pid = os.fork()
if pid == 0:
    a[0] = 42
    os._exit(0)
os.waitpid(pid, 0)
print(a[0])
p = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE)
pid = os.fork()
if pid == 0:
    p[0] = 42
    os._exit(0)
os.waitpid(pid, 0)
print(p[0])

section('signal')
# Handlers, and a timer's signals.
seen = []
signal.signal(signal.SIGUSR1, lambda n, f: seen.append(n))
os.kill(os.getpid(), signal.SIGUSR1)
print(seen)
signal.raise_signal(signal.SIGUSR1)
print(len(seen))
t = time.monotonic()
signal.signal(signal.SIGALRM, lambda n, f: seen.append(n))
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
while len(seen) < 5:
    signal.pause()
print(signal.setitimer(signal.ITIMER_REAL, 0)[1], 0.1 < time.monotonic() - t)
signal.alarm(1)
time.sleep(0)
print(signal.alarm(0))

# Blocked signals, and waiting for them.
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
os.kill(os.getpid(), signal.SIGUSR2)
print(signal.sigpending(), signal.sigwait([signal.SIGUSR2]))
print(signal.sigtimedwait([signal.SIGUSR2], 0.01))
os.kill(os.getpid(), signal.SIGUSR2)
i = signal.sigwaitinfo([signal.SIGUSR2])
print(i.si_signo, i.si_code, i.si_uid, i.si_pid == os.getpid())
print(sorted(signal.valid_signals())[-1], signal.strsignal(11))

# A signal that writes into a pipe, and one that does not interrupt a call.
r, w = os.pipe()
os.set_blocking(w, False)
signal.set_wakeup_fd(w)
os.kill(os.getpid(), signal.SIGUSR1)
print(os.read(r, 1))
signal.set_wakeup_fd(-1)
signal.siginterrupt(signal.SIGUSR1, False)
threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
print(select.select([r], [], [], 0.2)[0])
signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
signal.signal(signal.SIGUSR1, signal.SIG_DFL)

# Reading where nothing is.
pid = os.fork()
if pid == 0:
    import faulthandler
    ctypes.string_at(1)
print(os.WTERMSIG(os.waitpid(pid, 0)[1]))

section('select')
# poll and select, on a pipe whose writing end gets closed.
r, w = os.pipe()
p = select.poll()
p.register(r, select.POLLIN)
p.register(w, select.POLLOUT)
print(len(p.poll(0)))
os.write(w, b'1')
print(len(p.poll()))
os.close(w)
print(select.select([r], [], [], 1)[0] == [r])
os.read(r, 1)
print(p.poll()[0][1] & select.POLLHUP)

# epoll: of changes, once, of a file that cannot be waited for.
e = select.epoll()
e.register(r, select.EPOLLIN | select.EPOLLET)
print(e.poll(0.1)[0][1], e.poll(0.01))
fails(e.register, r)
fails(e.register, os.open('/tmp', 0))
a, b = socket.socketpair()
e.register(a, select.EPOLLIN | select.EPOLLONESHOT)
b.send(b'x')
print(len(e.poll(1)), e.poll(0))
e.modify(a, select.EPOLLIN)
print(len(e.poll(0)))
e.unregister(a)
e.close()

# A pair of sockets: peeking, sending a descriptor, shutting down, whose the other end is.
a.sendall(b'stream')
print(b.recv(3), b.recv(10, socket.MSG_PEEK), b.recv(10))
socket.send_fds(a, [b'fd'], [r])
d, fds, fl, ad = socket.recv_fds(b, 10, 4)
print(d, len(fds), os.fstat(fds[0]).st_ino == os.fstat(r).st_ino)
a.shutdown(socket.SHUT_WR)
print(b.recv(1))
a.settimeout(0.02)
fails(a.recv, 1)
print(a.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE),
      struct.unpack('3i', a.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1:])

# A socket with a name, and what cannot be connected to.
s = socket.socket(socket.AF_UNIX)
s.bind('sock')
s.listen()
c = socket.socket(socket.AF_UNIX)
c.connect('sock')
x, ad = s.accept()
x.send(b'hi')
print(c.recv(5), c.getpeername(), repr(ad))
x.close()
print(c.recv(1))
fails(c.send, b'x')
fails(c.send, b'x')
fails(socket.socket(socket.AF_UNIX).connect, 'nosock')
fails(socket.socket(socket.AF_UNIX).connect, '/etc/passwd')
fails(s.bind, 'sock2')

# Messages to an abstract name.
d = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
d.bind('\0abstract')
o = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
o.sendto(b'gram', '\0abstract')
print(d.recvfrom(10))

section('resource and friends')
# How many files may be open, and how long one may get.
print(resource.getrlimit(resource.RLIMIT_CORE)[0] >= -1, resource.getrusage(resource.RUSAGE_SELF).ru_utime >= 0)
resource.setrlimit(resource.RLIMIT_NOFILE, (60, 100))
fails(lambda: [os.open('/', 0) for i in range(200)])
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, -1))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
fails(open('big', 'wb', buffering=0).write, b'x' * 5000)
print(os.path.getsize('big'))
fails(os.truncate, 'big', 1001)
resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
os.truncate('big', 5000)
