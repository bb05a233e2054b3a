#!/usr/bin/python3
# threading, queue, subprocess, multiprocessing, concurrent.futures, asyncio.
import asyncio, concurrent.futures, multiprocessing, os, queue, signal, subprocess, sys, threading, time
from multiprocessing import shared_memory

def square(x): return x * x
def worker(q, r):
    for x in iter(q.get, None): r.put(x + 100)
def add(v, lock, n):
    for _ in range(n):
        with lock: v.value += 1

def threads():
    counter = 0; lock = threading.Lock()
    def count():
        nonlocal counter
        for _ in range(2000):
            with lock: counter += 1
    ts = [threading.Thread(target=count) for _ in range(16)]
    for t in ts: t.start()
    for t in ts: t.join()
    print(counter, threading.active_count(), threading.get_native_id() == os.getpid())
    q = queue.Queue(3); out = []
    def consume():
        while (x := q.get()) is not None: out.append(x); q.task_done()
        q.task_done()
    t = threading.Thread(target=consume); t.start()
    for i in range(50): q.put(i)
    q.put(None); q.join(); t.join(); print(sum(out))
    e = threading.Event(); print(e.wait(0.02)); threading.Timer(0.02, e.set).start(); print(e.wait(5))
    b = threading.Barrier(4); done = []; ts = [threading.Thread(target=lambda: (b.wait(), done.append(1))) for _ in range(4)]; [t.start() for t in ts]; [t.join() for t in ts]; print(len(done))
    c = threading.Condition(); state = []
    def waiter():
        with c: c.wait_for(lambda: state, 5); state.append(2)
    t = threading.Thread(target=waiter); t.start()
    with c: state.append(1); c.notify_all()
    t.join(); print(state); local = threading.local(); local.x = 1; s = threading.BoundedSemaphore(2); print(s.acquire(), s.acquire(), s.acquire(timeout=0.01)); threading.stack_size(256 * 1024); t = threading.Thread(target=lambda: print('small stack')); t.start(); t.join(); print(len(os.listdir('/proc/self/task')) > 0)
    r, w = os.pipe(); t = threading.Thread(target=lambda: print(os.read(r, 5))); t.start(); time.sleep(0.05); os.write(w, b'woken'); t.join()
    ts = [threading.Thread(target=time.sleep, args=(0.01,)) for _ in range(100)]; [t.start() for t in ts]; [t.join() for t in ts]; print('a hundred')

def subprocesses():
    print(subprocess.run(['echo', 'run'], capture_output=True, text=True)); print(subprocess.check_output('cat; exit 0', shell=True, input=b'given')); print(subprocess.run('exit 3', shell=True).returncode, subprocess.call(['sh', '-c', 'kill -9 $$']))
    try: subprocess.run(['sleep', '5'], timeout=0.2)
    except subprocess.TimeoutExpired as e: print('timed out')
    try: subprocess.run(['nosuch'])
    except FileNotFoundError as e: print(e)
    try: subprocess.run(['/etc/passwd'])
    except PermissionError as e: print(e)
    try: subprocess.run(['ls'], cwd='/nothere')
    except FileNotFoundError as e: print(e)
    try: subprocess.check_call('exit 4', shell=True)
    except subprocess.CalledProcessError as e: print(e)
    p = subprocess.Popen(['sort'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True); print(p.communicate('b\na\n'), p.returncode); p = subprocess.Popen('echo out; echo err >&2', shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT); print(p.stdout.read(), p.wait()); big = subprocess.run(['cat'], input=b'x' * 1000000, stdout=subprocess.PIPE).stdout; print(len(big)); p = subprocess.Popen(['sleep', '9'], start_new_session=True); print(p.poll(), os.getsid(p.pid) == p.pid); p.terminate(); print(p.wait()); print(subprocess.run(['id', '-u'], user=1000, group=1000, extra_groups=[], capture_output=True).stdout, subprocess.run(['pwd'], cwd='/usr', capture_output=True).stdout, subprocess.run(['env'], env={'A': 'b'}, capture_output=True).stdout, subprocess.run('umask', umask=0o77, shell=True, capture_output=True).stdout); r, w = os.pipe(); subprocess.run(['sh', '-c', f'echo passed >&{w}'], pass_fds=[w]); print(os.read(r, 99)); p = subprocess.Popen(['sh', '-c', 'trap "echo term; exit 5" TERM; echo ready; while :; do sleep 0.05; done'], stdout=subprocess.PIPE); p.stdout.readline(); p.send_signal(signal.SIGTERM); print(p.communicate(), p.returncode); print(subprocess.run(['sh', '-c', 'ulimit -n'], preexec_fn=lambda: __import__('resource').setrlimit(7, (33, 33)), capture_output=True).stdout, subprocess.getoutput('echo got'))

def processes():
    for method in 'fork', 'spawn', 'forkserver':
        ctx = multiprocessing.get_context(method)
        with ctx.Pool(2) as pool: print(method, pool.map(square, range(6)), pool.apply_async(square, (9,)).get(60))
    q, r = multiprocessing.Queue(), multiprocessing.Queue(); p = multiprocessing.Process(target=worker, args=(q, r)); p.start(); [q.put(i) for i in range(5)]; q.put(None); print([r.get() for _ in range(5)]); p.join(); print(p.exitcode)
    v = multiprocessing.Value('i', 0); lock = multiprocessing.Lock(); ps = [multiprocessing.Process(target=add, args=(v, lock, 200)) for _ in range(4)]; [p.start() for p in ps]; [p.join() for p in ps]; print(v.value); a, b = multiprocessing.Pipe(); p = multiprocessing.Process(target=lambda c: c.send({'x': [1, 2]}), args=(b,)); p.start(); print(a.recv()); p.join(); s = shared_memory.SharedMemory(create=True, size=100); s.buf[0] = 9; t = shared_memory.SharedMemory(s.name); print(t.buf[0]); t.close(); s.close(); s.unlink(); m = multiprocessing.Manager(); d = m.dict(); p = multiprocessing.Process(target=lambda d: d.update(k=1), args=(d,)); p.start(); p.join(); print(dict(d)); m.shutdown(); p = multiprocessing.Process(target=time.sleep, args=(9,)); p.start(); p.kill(); p.join(); print(p.exitcode); e = multiprocessing.Event(); p = multiprocessing.Process(target=e.set); p.start(); print(e.wait(30)); p.join(); arr = multiprocessing.Array('d', 3); arr[1] = 2.5; print(arr[:])
    with concurrent.futures.ProcessPoolExecutor(2) as ex: print(list(ex.map(square, range(5))))
    with concurrent.futures.ThreadPoolExecutor(4) as ex: print(sum(ex.map(square, range(100))))

async def loop():
    async def ticker(n):
        for i in range(3): await asyncio.sleep(0.01 * n)
        return n
    print(await asyncio.gather(*(ticker(i) for i in range(1, 4))))
    p = await asyncio.create_subprocess_exec('cat', stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE); print(await p.communicate(b'through cat'), p.returncode); p = await asyncio.create_subprocess_shell('echo a; echo b; exit 6', stdout=asyncio.subprocess.PIPE); print([l async for l in p.stdout], await p.wait())
    async def serve(r, w): w.write((await r.readline()).upper()); await w.drain(); w.close()
    server = await asyncio.start_unix_server(serve, 'asock'); r, w = await asyncio.open_unix_connection('asock'); w.write(b'hello\n'); print(await r.read()); w.close(); server.close(); await server.wait_closed()
    try: await asyncio.wait_for(asyncio.sleep(5), 0.05)
    except asyncio.TimeoutError: print('timed out')
    print(await asyncio.to_thread(square, 12), await asyncio.get_running_loop().run_in_executor(None, square, 5)); got = asyncio.Event(); asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, got.set); os.kill(os.getpid(), signal.SIGUSR1); await asyncio.wait_for(got.wait(), 5); print('signal'); q = asyncio.Queue(); t = asyncio.create_task(q.get()); await q.put(1); print(await t); t = asyncio.create_task(asyncio.sleep(9)); await asyncio.sleep(0); t.cancel(); print((await asyncio.gather(t, return_exceptions=True))[0].__class__.__name__); r, w = os.pipe(); reader = asyncio.StreamReader(); await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(r, 'rb')); os.write(w, b'pipe\n'); print(await reader.readline())

if __name__ == '__main__':
    for part in threads, subprocesses, processes:
        print('--', part.__name__, flush=True); part()
    print('-- asyncio', flush=True); asyncio.run(loop())
