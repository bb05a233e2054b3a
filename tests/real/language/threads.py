#!/usr/bin/python3
# threading, queue, subprocess, multiprocessing, concurrent.futures, asyncio.
import asyncio, concurrent.futures, multiprocessing, os, queue, signal, subprocess, sys, threading, time
from multiprocessing import shared_memory


def square(x):
    return x * x


def worker(questions, answers):
    for x in iter(questions.get, None):
        answers.put(x + 100)


def add(value, lock, times):
    for _ in range(times):
        with lock:
            value.value += 1


# Starts threads or processes, and waits for them.
def play(players):
    for player in players:
        player.start()
    for player in players:
        player.join()


def threads():
    # A lock, and sixteen threads that want it.
    counter = 0
    lock = threading.Lock()

    def count():
        nonlocal counter
        for _ in range(2000):
            with lock:
                counter += 1

    play([threading.Thread(target=count) for _ in range(16)])
    print(counter, threading.active_count(), threading.get_native_id() == os.getpid())

    # A queue that is often full.
    q = queue.Queue(3)
    out = []

    def consume():
        while (x := q.get()) is not None:
            out.append(x)
            q.task_done()
        q.task_done()

    t = threading.Thread(target=consume)
    t.start()
    for i in range(50):
        q.put(i)
    q.put(None)
    q.join()
    t.join()
    print(sum(out))

    # An event that comes late, a barrier, a condition.
    event = threading.Event()
    print(event.wait(0.02))
    threading.Timer(0.02, event.set).start()
    print(event.wait(5))
    barrier = threading.Barrier(4)
    done = []
    play([threading.Thread(target=lambda: (barrier.wait(), done.append(1))) for _ in range(4)])
    print(len(done))
    condition = threading.Condition()
    state = []

    def waiter():
        with condition:
            condition.wait_for(lambda: state, 5)
            state.append(2)

    t = threading.Thread(target=waiter)
    t.start()
    with condition:
        state.append(1)
        condition.notify_all()
    t.join()
    print(state)

    # A thread's own, a semaphore that is taken, a small stack.
    local = threading.local()
    local.x = 1
    semaphore = threading.BoundedSemaphore(2)
    print(semaphore.acquire(), semaphore.acquire(), semaphore.acquire(timeout=0.01))
    threading.stack_size(256 * 1024)
    play([threading.Thread(target=lambda: print('small stack'))])
    print(len(os.listdir('/proc/self/task')) > 0)

    # A thread that waits in a call; many that do.
    r, w = os.pipe()
    t = threading.Thread(target=lambda: print(os.read(r, 5)))
    t.start()
    time.sleep(0.05)
    os.write(w, b'woken')
    t.join()
    play([threading.Thread(target=time.sleep, args=(0.01,)) for _ in range(100)])
    print('a hundred')


def subprocesses():
    print(subprocess.run(['echo', 'run'], capture_output=True, text=True))
    print(subprocess.check_output('cat; exit 0', shell=True, input=b'given'))
    print(subprocess.run('exit 3', shell=True).returncode, subprocess.call(['sh', '-c', 'kill -9 $$']))

    # What cannot be started, takes too long, fails.
    try:
        subprocess.run(['sleep', '5'], timeout=0.2)
    except subprocess.TimeoutExpired as e:
        print('timed out')
    try:
        subprocess.run(['nosuch'])
    except FileNotFoundError as e:
        print(e)
    try:
        subprocess.run(['/etc/passwd'])
    except PermissionError as e:
        print(e)
    try:
        subprocess.run(['ls'], cwd='/nothere')
    except FileNotFoundError as e:
        print(e)
    try:
        subprocess.check_call('exit 4', shell=True)
    except subprocess.CalledProcessError as e:
        print(e)

    # Pipes to and from a program, with much in them, too.
    p = subprocess.Popen(['sort'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    print(p.communicate('b\na\n'), p.returncode)
    p = subprocess.Popen('echo out; echo err >&2', shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(p.stdout.read(), p.wait())
    big = subprocess.run(['cat'], input=b'x' * 1000000, stdout=subprocess.PIPE).stdout
    print(len(big))

    # A session of its own, another user, another folder, another environment, another mask, one more descriptor.
    p = subprocess.Popen(['sleep', '9'], start_new_session=True)
    print(p.poll(), os.getsid(p.pid) == p.pid)
    p.terminate()
    print(p.wait())
    print(subprocess.run(['id', '-u'], user=1000, group=1000, extra_groups=[], capture_output=True).stdout,
          subprocess.run(['pwd'], cwd='/usr', capture_output=True).stdout,
          subprocess.run(['env'], env={'A': 'b'}, capture_output=True).stdout,
          subprocess.run('umask', umask=0o77, shell=True, capture_output=True).stdout)
    r, w = os.pipe()
    subprocess.run(['sh', '-c', f'echo passed >&{w}'], pass_fds=[w])
    print(os.read(r, 99))

    # One that handles a signal; what a child does before it is another program (7 is RLIMIT_NOFILE).
    script = 'trap "echo term; exit 5" TERM; echo ready; while :; do sleep 0.05; done'
    p = subprocess.Popen(['sh', '-c', script], stdout=subprocess.PIPE)
    p.stdout.readline()
    p.send_signal(signal.SIGTERM)
    print(p.communicate(), p.returncode)
    limit = lambda: __import__('resource').setrlimit(7, (33, 33))
    print(subprocess.run(['sh', '-c', 'ulimit -n'], preexec_fn=limit, capture_output=True).stdout,
          subprocess.getoutput('echo got'))


def processes():
    # Each way to start one.
    for method in 'fork', 'spawn', 'forkserver':
        context = multiprocessing.get_context(method)
        with context.Pool(2) as pool:
            print(method, pool.map(square, range(6)), pool.apply_async(square, (9,)).get(60))

    # Queues; a value and its lock; a pipe.
    questions, answers = multiprocessing.Queue(), multiprocessing.Queue()
    p = multiprocessing.Process(target=worker, args=(questions, answers))
    p.start()
    for i in range(5):
        questions.put(i)
    questions.put(None)
    print([answers.get() for _ in range(5)])
    p.join()
    print(p.exitcode)
    value = multiprocessing.Value('i', 0)
    lock = multiprocessing.Lock()
    play([multiprocessing.Process(target=add, args=(value, lock, 200)) for _ in range(4)])
    print(value.value)
    a, b = multiprocessing.Pipe()
    p = multiprocessing.Process(target=lambda end: end.send({'x': [1, 2]}), args=(b,))
    p.start()
    print(a.recv())
    p.join()

    # Memory by its name, and a dictionary that a process keeps for others.
    memory = shared_memory.SharedMemory(create=True, size=100)
    memory.buf[0] = 9
    same = shared_memory.SharedMemory(memory.name)
    print(same.buf[0])
    same.close()
    memory.close()
    memory.unlink()
    manager = multiprocessing.Manager()
    shared = manager.dict()
    play([multiprocessing.Process(target=lambda d: d.update(k=1), args=(shared,))])
    print(dict(shared))
    manager.shutdown()

    # One that is killed, one that sets an event, an array.
    p = multiprocessing.Process(target=time.sleep, args=(9,))
    p.start()
    p.kill()
    p.join()
    print(p.exitcode)
    event = multiprocessing.Event()
    p = multiprocessing.Process(target=event.set)
    p.start()
    print(event.wait(30))
    p.join()
    array = multiprocessing.Array('d', 3)
    array[1] = 2.5
    print(array[:])

    # Executors.
    with concurrent.futures.ProcessPoolExecutor(2) as executor:
        print(list(executor.map(square, range(5))))
    with concurrent.futures.ThreadPoolExecutor(4) as executor:
        print(sum(executor.map(square, range(100))))


async def loop():
    # Waiting for several things at once.
    async def ticker(n):
        for i in range(3):
            await asyncio.sleep(0.01 * n)
        return n

    print(await asyncio.gather(*(ticker(i) for i in range(1, 4))))

    # Other programs.
    pipe = asyncio.subprocess.PIPE
    p = await asyncio.create_subprocess_exec('cat', stdin=pipe, stdout=pipe)
    print(await p.communicate(b'through cat'), p.returncode)
    p = await asyncio.create_subprocess_shell('echo a; echo b; exit 6', stdout=pipe)
    print([line async for line in p.stdout], await p.wait())

    # A server on a socket with a name, and its client.
    async def serve(r, w):
        w.write((await r.readline()).upper())
        await w.drain()
        w.close()

    server = await asyncio.start_unix_server(serve, 'asock')
    r, w = await asyncio.open_unix_connection('asock')
    w.write(b'hello\n')
    print(await r.read())
    w.close()
    server.close()
    await server.wait_closed()

    # What takes too long; threads for what would wait; a signal.
    try:
        await asyncio.wait_for(asyncio.sleep(5), 0.05)
    except asyncio.TimeoutError:
        print('timed out')
    print(await asyncio.to_thread(square, 12),
          await asyncio.get_running_loop().run_in_executor(None, square, 5))
    got = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, got.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.wait_for(got.wait(), 5)
    print('signal')

    # A queue, a task that is called off, a pipe.
    q = asyncio.Queue()
    t = asyncio.create_task(q.get())
    await q.put(1)
    print(await t)
    t = asyncio.create_task(asyncio.sleep(9))
    await asyncio.sleep(0)
    t.cancel()
    print((await asyncio.gather(t, return_exceptions=True))[0].__class__.__name__)
    r, w = os.pipe()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(r, 'rb'))
    os.write(w, b'pipe\n')
    print(await reader.readline())


if __name__ == '__main__':
    for part in threads, subprocesses, processes:
        print('--', part.__name__, flush=True)
        part()
    print('-- asyncio', flush=True)
    asyncio.run(loop())
