#!/usr/bin/python3
# Shells on a pseudo-terminal, as a person uses them: editing, ^C, ^Z, fg, bg, ^D, stty; window size;
# less and vi and nano.
import os, pty, re, select, signal, sys, time, fcntl, termios, struct

# What programs send to a terminal besides text.
ESCAPES = r'\x1b(\[[0-9;?>=]*[ -/]*[@-~]|[()][0-9A-B]|[=>78M]|\][^\x07]*\x07|P[^\x1b]*\x1b\\)'


# A program on a terminal of its own.
class Session:
    def __init__(self, *command, rows=24, columns=80):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM='xterm', PS1='$ ', HOME='/root', HISTFILE='')
            os.execvp(command[0], command)
        self.resize(rows, columns)
        self.said = ''

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('4H', rows, columns, 0, 0))

    # Reads what the program says within some seconds; False when it is nothing.
    def more(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.fd, 4096)
        except OSError:
            return False
        self.said += re.sub(ESCAPES, '', data.decode(errors='replace')).replace('\r', '')
        return bool(data)

    # Waits for the text, a regular expression, and drops what was said up to its end.
    def expect(self, text, seconds=60):
        end = time.monotonic() + seconds
        while not (found := re.search(text, self.said)) and time.monotonic() < end:
            self.more(0.1)
        print('saw' if found else 'NOT SEEN: ' + repr(self.said[-300:]), text, flush=True)
        if found:
            self.said = self.said[found.end():]
        return found

    def type(self, text):
        time.sleep(0.05)
        os.write(self.fd, text.encode())

    # Waits until the shell has given the terminal to a program.
    def wait_busy(self):
        end = time.monotonic() + 30
        while os.tcgetpgrp(self.fd) == self.pid and time.monotonic() < end:
            self.more(0.1)
        time.sleep(0.5)

    # Waits for the program's end, and says its status.
    def end(self):
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                print('ended', status)
                break
            self.more(0.1)
        else:
            print('STAYS', repr(self.said[-300:]))
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


def shell(*command, bash=False):
    print('--', *command)
    s = Session(*command)
    s.expect(r'\$ ')

    # A typing mistake; the terminal and its size.
    s.type('echo hel\x7flo $((40 + 2))\n')
    s.expect('helo 42\n')
    s.type('tty; stty size\n')
    s.expect('/dev/pts/')
    s.expect('24 80')

    # ^C ends a program.
    s.type('sleep 100\n')
    s.wait_busy()
    s.type('\x03')
    s.expect(r'\$ ')
    s.type('echo status $?\n')
    s.expect('status 130\n')

    # ^Z stops it; it goes on in the background, and in the foreground.
    s.type('sleep 100\n')
    s.wait_busy()
    s.type('\x1a')
    s.expect('[Ss]topped')
    s.type('jobs\n')
    s.expect('sleep 100')
    s.type('bg\n')
    s.expect('sleep 100')
    s.type('jobs\n')
    s.expect('Running')
    s.type('fg\n')
    s.expect('sleep 100\n')
    s.wait_busy()
    s.type('\x03')
    s.expect(r'\$ ')

    # ^D ends its input; who reads from the background is stopped.
    s.type('cat\n')
    s.wait_busy()
    s.type('typed\n')
    s.expect('typed\ntyped\n')
    s.type('\x04')
    s.expect(r'\$ ')
    s.type('cat & sleep 0.5; jobs\n')
    s.expect('[Ss]topped')
    s.type('kill %%; wait; echo gone\n')
    s.expect('gone\n')

    # ^\ ends every program of a pipeline.
    s.type('(sleep 100; echo no) | cat\n')
    s.wait_busy()
    s.type('\x1c')
    s.expect(r'\$ ')
    s.type('echo again $?\n')
    s.expect('again 131\n')

    # Without an echo; ^U in a line that the terminal edits.
    s.type('stty -echo; echo silent; stty echo\n')
    s.expect('silent')
    s.type('read x; echo "<$x>"\n')
    time.sleep(1)
    s.type('ab\x15cd\n')
    s.expect('<cd>')

    # Another size of the window.
    s.type('sh -c "trap \'echo winch\' WINCH; echo ready; sleep 1; sleep 1; stty size"\n')
    s.expect('ready\n')
    s.resize(40, 100)
    s.expect('winch')
    s.expect('40 100')

    # What bash edits itself: words, former lines, looking for one, completing names.
    if bash:
        s.type('echo one two\x1bbX\n')
        s.expect('\none Xtwo')
        s.type('\x1b[A\x01echo up \x05!\n')
        s.expect('up echo one Xtwo!')
        s.type('\x12tty\x07\n')
        s.type('ls /pro\t\n')
        s.expect('cpuinfo')
        s.type('!!nothing\n')
        s.expect('nothing')

    s.type('sleep 100 &\n')
    s.expect(r'\$ ')
    s.type('kill %%; exit 3\n')
    time.sleep(1)
    if not bash:
        s.type('exit 3\n')
    s.end()


def hang_up():
    print('-- bash: the terminal hangs up')
    s = Session('bash', '--norc', '-i')
    s.expect(r'\$ ')
    s.type('sh -c \'trap "echo hup >hup; exit" HUP; echo set; while :; do sleep 0.1; done\'\n')
    s.expect('\nset\n')
    time.sleep(0.2)
    os.close(s.fd)
    os.waitpid(s.pid, 0)
    time.sleep(1)
    print(open('hup').read())


def less():
    print('-- less')
    open('long', 'w').write(''.join(f'line {i}\n' for i in range(1000)))
    s = Session('less', 'long')
    s.expect('line 22')
    s.type(' ')
    s.expect('line 45')
    s.type('G')
    s.expect('line 999')
    s.type('/line 50\n')
    s.type('g/line 500\n')
    s.expect('line 500')
    s.type('b')
    s.expect('line 49')
    s.type('!echo shelled\n')
    s.expect('shelled')
    s.type('\n')
    s.type('q')
    s.end()

    print('-- less of a pipe, stopped')
    s = Session('bash', '--norc', '-i')
    s.expect(r'\$ ')
    s.type('seq 1000 | less\n')
    s.expect('\n23')
    s.type('\x1a')
    s.expect('Stopped')
    s.type('fg\n')
    s.expect('23')
    s.type('G')
    s.expect('1000')
    s.type('q')
    s.expect(r'\$ ')
    s.type('exit\n')
    s.end()


def vi():
    print('-- vi')
    s = Session('vi', '-u', 'NONE', 'text')
    s.expect('"text"')
    s.type('ihello world\x1b')
    s.expect('hello world')
    s.type('yyp:%s/hello/bye/\n')
    s.expect('bye world')
    s.type(':w\n')
    s.expect('written')
    s.type(':!echo from vi\n')
    s.expect('from vi')
    s.type('\n')
    s.type('ddu:r !seq 3\n')
    s.expect('more lines')
    s.type('\n')
    s.type(':x\n')
    s.end()
    print(open('text').read())


def nano():
    print('-- nano')
    s = Session('nano', 'file')
    s.expect('Exit')
    s.type('some text\r')
    s.expect('some text')
    s.type('\x0f')
    s.expect('Name to Write')
    time.sleep(0.3)
    s.type('\r')
    s.expect('Wrote')
    s.type('\x18')
    s.end()
    print(open('file').read())


def top():
    print('-- top')
    s = Session('top', '-d', '1')
    s.expect('Tasks:')
    s.expect('PID')
    time.sleep(1.2)
    s.type('q')
    s.end()


def tmux():
    print('-- tmux')
    s = Session('tmux', '-f', '/dev/null', 'new', 'bash --norc')
    s.expect('0:bash')
    s.type('echo in $((1 + 1)) $TMUX_PANE\r')
    s.expect('in 2 %0')

    # A pane below the first, a second window, leaving.
    s.type('\x02"')
    time.sleep(1)
    s.type('PS1=; clear; stty size; tty\r')
    s.expect('11 80')
    s.expect('/dev/pts')
    s.type('\x02c')
    s.expect('1:bash')
    s.type('exit\r')
    time.sleep(1)
    s.type('\x02d')
    s.expect('detached')
    s.end()

    # What goes on without a terminal.
    os.system("tmux ls | cut -d' ' -f1-3; "
              "tmux list-panes -F '#{pane_width}x#{pane_height}'; "
              "tmux send-keys -t 0.0 'echo sent >sent' Enter; until [ -s sent ]; do sleep 0.1; done; cat sent; "
              "tmux capture-pane -p -t 0.0 | grep -c sent")

    # Coming back from a larger one.
    s = Session('tmux', 'attach', rows=30, columns=90)
    time.sleep(1)
    s.type('stty size\r')
    s.expect('[0-9]+ 90')
    s.type('\x02:')
    time.sleep(1)
    s.type('kill-server\r')
    s.end()


def watch():
    print('-- watch')
    s = Session('watch', '-n', '1', 'echo watched')
    s.expect('watched')
    s.type('\x03')
    s.end()


shell('bash', '--norc', '-i', bash=True)
shell('dash', '-i')
hang_up()
less()
vi()
nano()
top()
tmux()
watch()
