#!/usr/bin/python3
# Shells on a pseudo-terminal, as a person uses them: editing, ^C, ^Z, fg, bg, ^D, stty; window size; less and vi and nano.
import os, pty, re, select, signal, sys, time, fcntl, termios, struct

class Session:
    def __init__(self, *command, rows=24, columns=80):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM='xterm', PS1='$ ', HOME='/root', HISTFILE='')
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('4H', rows, columns, 0, 0)); self.said = ''
    def more(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]: return False
        try: data = os.read(self.fd, 4096)
        except OSError: return False
        self.said += re.sub(r'\x1b(\[[0-9;?>=]*[ -/]*[@-~]|[()][0-9A-B]|[=>78M]|\][^\x07]*\x07|P[^\x1b]*\x1b\\)', '', data.decode(errors='replace')).replace('\r', ''); return bool(data)
    def expect(self, text, seconds=30):
        end = time.monotonic() + seconds
        while not (m := re.search(text, self.said)) and time.monotonic() < end: self.more(0.1)
        print('saw' if m else 'NOT SEEN: ' + repr(self.said[-300:]), text, flush=True)
        if m: self.said = self.said[m.end():]
        return m
    def type(self, text): time.sleep(0.05); os.write(self.fd, text.encode())
    def end(self):
        limit = time.monotonic() + 20
        while time.monotonic() < limit:
            p, s = os.waitpid(self.pid, os.WNOHANG)
            if p: print('ended', s); break
            self.more(0.1)
        else: print('STAYS', repr(self.said[-300:])); os.kill(self.pid, 9); os.waitpid(self.pid, 0)
        os.close(self.fd)

def shell(*command, bash=False):
    print('--', *command); s = Session(*command); s.expect(r'\$ '); s.type('echo hel\x7flo $((40 + 2))\n'); s.expect('helo 42\n'); s.type('tty; stty size\n'); s.expect('/dev/pts/'); s.expect('24 80'); s.type('sleep 100\n'); time.sleep(0.5); s.type('\x03'); s.expect(r'\$ '); s.type('echo status $?\n'); s.expect('status 130\n'); s.type('sleep 100\n'); time.sleep(0.5); s.type('\x1a'); s.expect('[Ss]topped'); s.type('jobs\n'); s.expect('sleep 100'); s.type('bg\n'); s.expect('sleep 100'); s.type('jobs\n'); s.expect('Running'); s.type('fg\n'); s.expect('sleep 100\n'); time.sleep(0.3); s.type('\x03'); s.expect(r'\$ '); s.type('cat\n'); time.sleep(0.4); s.type('typed\n'); s.expect('typed\ntyped\n'); s.type('\x04'); s.expect(r'\$ '); s.type('cat & sleep 0.5; jobs\n'); s.expect('[Ss]topped'); s.type('kill %%; wait; echo gone\n'); s.expect('gone\n'); s.type('(sleep 100; echo no) | cat\n'); time.sleep(0.4); s.type('\x1c'); s.expect(r'\$ '); s.type('echo again $?\n'); s.expect('again 131\n'); s.type('stty -echo; echo silent; stty echo\n'); s.expect('silent'); s.type('read x; echo "<$x>"\n'); time.sleep(0.5); s.type('ab\x15cd\n'); s.expect('<cd>'); s.type('sh -c "trap \'echo winch\' WINCH; echo ready; sleep 1; sleep 1; stty size"\n'); s.expect('ready\n'); fcntl.ioctl(s.fd, termios.TIOCSWINSZ, struct.pack('4H', 40, 100, 0, 0)); s.expect('winch'); s.expect('40 100')
    if bash: s.type('echo one two\x1bbX\n'); s.expect('\none Xtwo'); s.type('\x1b[A\x01echo up \x05!\n'); s.expect('up echo one Xtwo!'); s.type('\x12tty\x07\n'); s.type('ls /pro\t\n'); s.expect('cpuinfo'); s.type('!!nothing\n'); s.expect('nothing'); s.type('disown -a; trap "echo hup" HUP; suspend -f; echo back\n') if 0 else None
    s.type('sleep 100 &\n'); s.expect(r'\$ '); s.type('kill %%; exit 3\n'); time.sleep(0.5); s.type('exit 3\n') if not bash else None
    s.end()

shell('bash', '--norc', '-i', bash=True); shell('dash', '-i')
print('-- bash: the terminal hangs up'); s = Session('bash', '--norc', '-i'); s.expect(r'\$ '); s.type('sh -c \'trap "echo hup >hup; exit" HUP; echo set; while :; do sleep 0.1; done\'\n'); s.expect('\nset\n'); time.sleep(0.2); os.close(s.fd); os.waitpid(s.pid, 0); time.sleep(0.5); print(open('hup').read())
print('-- less'); open('long', 'w').write(''.join(f'line {i}\n' for i in range(1000))); s = Session('less', 'long'); s.expect('line 22'); s.type(' '); s.expect('line 45'); s.type('G'); s.expect('line 999'); s.type('/line 50\n'); s.type('g/line 500\n'); s.expect('line 500'); s.type('b'); s.expect('line 49'); s.type('!echo shelled\n'); s.expect('shelled'); s.type('\n'); s.type('q'); s.end()
print('-- less of a pipe, stopped'); s = Session('bash', '--norc', '-i'); s.expect(r'\$ '); s.type('seq 1000 | less\n'); s.expect('\n23'); s.type('\x1a'); s.expect('Stopped'); s.type('fg\n'); s.expect('23'); s.type('G'); s.expect('1000'); s.type('q'); s.expect(r'\$ '); s.type('exit\n'); s.end()
print('-- vi'); s = Session('vi', '-u', 'NONE', 'text'); s.expect('"text"'); s.type('ihello world\x1b'); s.expect('hello world'); s.type('yyp:%s/hello/bye/\n'); s.expect('bye world'); s.type(':w\n'); s.expect('written'); s.type(':!echo from vi\n'); s.expect('from vi'); s.type('\n'); s.type('ddu:r !seq 3\n'); s.expect('more lines'); s.type('\n'); s.type(':x\n'); s.end(); print(open('text').read())
print('-- nano'); s = Session('nano', 'file'); s.expect('Exit'); s.type('some text\r'); s.expect('some text'); s.type('\x0f'); s.expect('Name to Write'); time.sleep(0.3); s.type('\r'); s.expect('Wrote'); s.type('\x18'); s.end(); print(open('file').read())
print('-- top'); s = Session('top', '-d', '1'); s.expect('Tasks:'); s.expect('PID'); time.sleep(1.2); s.type('q'); s.end()
print('-- tmux'); s = Session('tmux', '-f', '/dev/null', 'new', 'bash --norc'); s.expect('0:bash'); s.type('echo in $((1 + 1)) $TMUX_PANE\r'); s.expect('in 2 %0'); s.type('\x02"'); time.sleep(0.5); s.type('PS1=; clear; stty size; tty\r'); s.expect('11 80'); s.expect('/dev/pts'); s.type('\x02c'); s.expect('1:bash'); s.type('exit\r'); time.sleep(0.5); s.type('\x02d'); s.expect('detached'); s.end(); os.system("tmux ls | cut -d' ' -f1-3; tmux list-panes -F '#{pane_width}x#{pane_height}'; tmux send-keys -t 0.0 'echo sent >sent' Enter; sleep 1; cat sent; tmux capture-pane -p -t 0.0 | grep -c sent"); s = Session('tmux', 'attach', rows=30, columns=90); time.sleep(0.5); s.type('stty size\r'); s.expect('[0-9]+ 90'); s.type('\x02:'); time.sleep(0.5); s.type('kill-server\r'); s.end()
print('-- watch'); s = Session('watch', '-n', '1', 'echo watched'); s.expect('watched'); s.type('\x03'); s.end()
