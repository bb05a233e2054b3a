#!/bin/sh
# trace=syscall: that it tells of a program's calls what strace tells of them on this machine, line by line; and what the
# log says of calls that are not there.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh

kernel=$build/kernel-debug.elf
mkdir "$tmp/root"
cp "$build/tests/guest/traced.musl" "$tmp/root/init"
(cd "$tmp/root" && find . | cpio -o -H newc 2>/dev/null) >"$tmp/archive"

# What differs between machines, and what strace alone tells of: structures, signals as they come. The C library's calls
# at the program's start are left out too.
comparable() {
    sed -E '1,/^getppid\(\)/d; /^(---|\+\+\+|arch_prctl|set_tid_address)/d
        s/0x[0-9a-f]{6,}/ADDRESS/g; s/^(fork\(\)|wait4\(.*\)) = [1-9][0-9]*$/\1 = NUMBER/
        s/^rt_sigsuspend\(\[\], /rt_sigsuspend(ADDRESS, /; s/^rt_sigreturn\(\{.*\}\)/rt_sigreturn()/' "$1"
}

# As strace 6.1 has it.
cat >"$tmp/wanted" <<'END'
open("file", O_RDWR|O_CREAT|O_EXCL, 0644) = 3
open("file", O_RDWR|O_CREAT|O_EXCL, 0644) = -1 EEXIST (File exists)
open("none", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)
openat(AT_FDCWD, NULL, O_WRONLY|O_APPEND|O_NONBLOCK) = -1 EFAULT (Bad address)
openat(77, "x", O_WRONLY|O_TRUNC|O_SYNC|O_NOFOLLOW|O_DIRECTORY) = -1 EBADF (Bad file descriptor)
write(3, "\tA\18\1x\0\377\"\\\n\v\f\r\33\0", 16) = 16
write(3, "thirty-two bytes are shown whole", 32) = 32
write(3, "thirty-three bytes are not: x is"..., 33) = 33
write(3, "", 0) = 0
write(3, NULL, 0) = 0
write(3, 0x8, 5) = -1 EFAULT (Bad address)
lseek(3, 4886718345, SEEK_SET) = 4886718345
lseek(3, -1, SEEK_SET) = -1 EINVAL (Invalid argument)
lseek(3, 0, SEEK_SET) = 0
read(3, "\tA\18\1x\0\377\"\\\n\v\f\r\33\0", 16) = 16
read(3, "thirty-two bytes are shown whole"..., 100) = 65
read(3, "", 100) = 0
read(3, "", 0) = 0
read(99, 0x8, 5) = -1 EBADF (Bad file descriptor)
pread64(3, "thirt", 5, 16) = 5
pread64(3, "", 5, 4294967296) = 0
preadv(3, 0x8, 1, 4294967296) = -1 EFAULT (Bad address)
ftruncate(3, 4294967296) = 0
fcntl(3, F_DUPFD_CLOEXEC, 0) = 4
dup2(3, 5) = 5
dup3(3, 5, O_CLOEXEC) = 5
getcwd(ADDRESS, 1) = -1 ERANGE (Numerical result out of range)
ioctl(3, TCGETS, 0x8) = -1 ENOTTY (Inappropriate ioctl for device)
pipe2([6, 7], O_NONBLOCK|O_CLOEXEC) = 0
pipe2(0x8, 0) = -1 EFAULT (Bad address)
close(-1) = -1 EBADF (Bad file descriptor)
umask(000) = 022
access("file", R_OK|W_OK) = 0
access("file", F_OK) = 0
chmod("none", 000) = -1 ENOENT (No such file or directory)
mkdir("file", 0755) = -1 EEXIST (File exists)
symlink("file", "link") = 0
readlink("link", "fil", 3) = 3
readlink("none", 0x8, 3) = -1 ENOENT (No such file or directory)
newfstatat(AT_FDCWD, "none", 0x8, AT_SYMLINK_NOFOLLOW) = -1 ENOENT (No such file or directory)
unlinkat(AT_FDCWD, "file", AT_REMOVEDIR) = -1 ENOTDIR (Not a directory)
unlink("link") = 0
unlink("file") = 0
open("a-path-is-shown-whole/however/long/it/may/be/up/to/what/a/line/has/room/for", O_RDONLY) = -1 ENOENT (No such file or directory)
mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ADDRESS
mmap(ADDRESS, 8192, PROT_NONE, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0x1000) = ADDRESS
mprotect(ADDRESS, 4096, PROT_READ|PROT_EXEC) = 0
munmap(ADDRESS, 8192) = 0
mmap(NULL, 0, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 EINVAL (Invalid argument)
munmap(0x1, 0) = -1 EINVAL (Invalid argument)
fork() = NUMBER
wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = NUMBER
fork() = NUMBER
wait4(-1, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL}], WSTOPPED, NULL) = NUMBER
wait4(-1, 0x8, WNOHANG, NULL) = -1 ECHILD (No child processes)
kill(1, 99) = -1 EINVAL (Invalid argument)
kill(-1234567, SIGTERM) = -1 ESRCH (No such process)
tkill(1234567, SIGRT_2) = -1 ESRCH (No such process)
rt_sigsuspend(ADDRESS, 8) = ? ERESTARTNOHAND (To be restarted if no handler)
rt_sigreturn() = -1 EINTR (Interrupted system call)
sched_yield() = 0
syscall_0x190(0x1, 0, 0xabc, 0, 0, 0) = -1 ENOSYS (Function not implemented)
execve("none", ["none", "a string that has more bytes tha"..., ""], NULL) = -1 ENOENT (No such file or directory)
execve("none", NULL, NULL) = -1 ENOENT (No such file or directory)
execve("init", ["init", "again", "and more"], NULL) = 0
exit_group(3) = ?
END

if command -v strace >/dev/null 2>&1 && strace -o "$tmp/native" true 2>/dev/null; then
    run env -C "$tmp/root" strace -a1 -o "$tmp/native" ./init
    is "the program ends with 3 on this machine" "$status" 3
    is "strace tells of it what is wanted here" "$(comparable "$tmp/native")" "$(cat "$tmp/wanted")"
else
    skip "strace tells of the program what is wanted here" "there is no strace, or it may not trace"
fi

boot --firmware direct --smp 2 --module "$tmp/archive" "$kernel" trace=syscall
like "it ends with 3 inside" "$out" 'process 1 has ended with status 3$'
printf '%s\n' "$out" | sed -n 's/.*trace: init (1) //p' >"$tmp/inside"
comparable "$tmp/inside" >"$tmp/inside.comparable"
is "trace=syscall tells the same" "$(cat "$tmp/inside.comparable")" "$(cat "$tmp/wanted")"
like "and of the calls of others" "$out" 'trace: init \(2\) exit_group\(3\) = \?$'

boot --firmware direct --module "$tmp/archive" "$kernel" trace=syscall -- long
like "a line that is too long keeps its result" "$out" 'init \(1\) open\("n{100,}\.\.\.\) = -1 ENAMETOOLONG \(File name too long\)$'
like "strings of a program are cut" "$out" 'init \(1\) execve\("n{100,}\.\.\.\) = -1 ENAMETOOLONG \(File name too long\)$'
is "no line is longer than a message of the log" "$(printf '%s\n' "$out" | sed -n 's/.*trace: //p' | awk 'length > 305')" ""

boot --firmware direct --module "$tmp/archive" "$kernel" loglevel=info -- missing
is "calls that are not there return ENOSYS" "$status" 0
[ "$status" -eq 0 ] || explain "wanted 0" "missing"
for call in '246 (kexec_load)' '212 (lookup_dcookie)'; do
    is "three calls of $call are in the log once, with the program's name" \
        "$(printf '%s\n' "$out" | grep -F 'wants system call' | grep -cF "syscall: init wants system call $call, which is not there yet")" 1
done
is "a number that nobody has is there as often as it was called" \
    "$(printf '%s\n' "$out" | grep -c 'syscall: init wants system call 400, which nobody has$')" 3
