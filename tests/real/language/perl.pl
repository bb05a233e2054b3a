#!/usr/bin/perl
# perl: files, processes, signals, sockets, select, sockets, locks, tie, sort, regular expressions.
use strict;
use warnings;
use POSIX qw(:sys_wait_h :errno_h :fcntl_h setsid dup2 mkfifo strftime);
use Fcntl qw(:flock :mode);
use IO::Handle;
use IO::Select;
use Socket;
use Time::HiRes qw(time sleep usleep ualarm);
use File::Temp;
use File::Find;
use File::Path;
use File::Copy;
use Cwd;
use List::Util qw(sum shuffle);
use Storable;
use Data::Dumper;
use Digest::MD5 qw(md5_hex);
use Errno;
use Sys::Hostname;
use IPC::Open3;
use threads;
use threads::shared;

$| = 1;
print "$^O ", cwd, " ", hostname, "\n";

# A file: reading what was written, cutting it off, what stat says.
open my $file, '+>', 'f' or die;
print $file "line $_\n" for 1 .. 100;
seek $file, 0, 0;
my @lines = <$file>;
print scalar(@lines), " $lines[50]";
truncate $file, 10;
print -s 'f', "\n";
close $file;
print join(',', (stat 'f')[2, 3, 4, 5, 7]), " ", (-e 'f' ? 1 : 0), (-d '.' ? 1 : 0), (-l 'f' ? 1 : 0), "\n";

# Names: moved, linked, removed, listed.
rename 'f', 'g';
link 'g', 'h';
symlink 'g', 's';
print readlink('s'), " ", (lstat 's')[7], "\n";
chmod 0600, 'g';
utime 1, 2, 'g';
print +(stat 'g')[9], "\n";
unlink 'h', 's';
mkdir 'd';
mkdir 'd' or print "$!\n";
rmdir 'd';
opendir my $folder, '.';
print join(' ', sort grep !/^\./, readdir $folder), "\n";
open(my $nothing, '<', 'nothere') or print "$! ", $!{ENOENT} ? 1 : 0, "\n";
print "glob: @{[glob '*']}\n";

# Processes: how they end, what they say, what they are told.
my $pid = fork;
if (!$pid) {
    exit 7;
}
waitpid $pid, 0;
print $? >> 8, "\n";
print `echo backticks; exit 3`, $? >> 8, "\n";
system 'kill -9 $$';
print $? & 127, "\n";
open my $pipe, '-|', 'seq 3';
print <$pipe>;
close $pipe;
open $pipe, '|-', 'cat';
print $pipe "to cat\n";
close $pipe;
pipe my $reader, my $writer;
if (!fork) {
    print $writer "from child\n";
    close $writer;
    POSIX::_exit(0);
}
close $writer;
print <$reader>;
wait;
my $child = open3(my $in, my $out, undef, 'tr a-z A-Z');
print $in "open3\n";
close $in;
print <$out>;
waitpid $child, 0;
print waitpid(-1, WNOHANG), "\n";

# Signals: of our own, an alarm, of children that end.
my $count = 0;
local $SIG{USR1} = sub { $count++ };
kill USR1 => $$ for 1 .. 3;
print "$count\n";
eval {
    local $SIG{ALRM} = sub { die "alarm\n" };
    ualarm 50000;
    sleep 5;
};
print $@;
local $SIG{CHLD} = sub { 1 while waitpid(-1, WNOHANG) > 0 };
fork || exit;
sleep 0.2;
print "reaped\n";
$SIG{CHLD} = 'IGNORE';
fork || exit;
sleep 0.1;
print wait, "\n";
$SIG{CHLD} = 'DEFAULT';

# A blocked one; a pipe that nobody reads; warnings.
my $set = POSIX::SigSet->new(POSIX::SIGUSR1());
POSIX::sigprocmask(POSIX::SIG_BLOCK(), $set);
kill USR1 => $$;
my $pending = POSIX::SigSet->new;
POSIX::sigpending($pending);
print $pending->ismember(POSIX::SIGUSR1()), "\n";
POSIX::sigprocmask(POSIX::SIG_UNBLOCK(), $set);
print "$count\n";
local $SIG{PIPE} = 'IGNORE';
pipe $reader, $writer;
close $reader;
print syswrite($writer, 'x') // "$!", "\n";
$SIG{__WARN__} = sub { print "warned: @_" };
warn "w\n";

# A pair of sockets, and select.
socketpair my $near, my $far, AF_UNIX, SOCK_STREAM, 0;
syswrite $near, 'sock';
sysread $far, my $buffer, 10;
print "$buffer\n";
my $select = IO::Select->new($near, $far);
print scalar $select->can_write(0), " ", scalar(my @ready = $select->can_read(0.01)), "\n";
send $near, 'x', 0;
print scalar(@ready = $select->can_read(1)), "\n";

# A socket with a name.
socket my $listener, AF_UNIX, SOCK_STREAM, 0;
bind $listener, pack_sockaddr_un('us');
listen $listener, 1;
if (!fork) {
    socket my $client, AF_UNIX, SOCK_STREAM, 0;
    connect $client, pack_sockaddr_un('us');
    syswrite $client, "connected\n";
    exit;
}
accept my $connection, $listener;
print <$connection>;
wait;

# Locks of a whole file, and of a part, which F_GETLK tells of.
open my $lock, '>', 'lock';
print flock($lock, LOCK_EX), "\n";
if (!fork) {
    open my $other, '>', 'lock';
    print flock($other, LOCK_EX | LOCK_NB) ? 'got' : "busy $!", "\n";
    exit;
}
wait;
my $range = pack 's s l! l! i', F_WRLCK, SEEK_SET, 0, 10, 0;
print fcntl($lock, F_SETLK, $range), "\n";
if (!fork) {
    open my $other, '+<', 'lock';
    my $asked = pack 's s l! l! i x4', F_WRLCK, SEEK_SET, 5, 10, 0;
    fcntl($other, F_GETLK, $asked);
    my ($type, undef, $start, $length, $owner) = unpack 's s x4 q q l', $asked;
    print "$type $start $length ", $owner == getppid() ? 1 : 0, "\n";
    exit;
}
wait;

# Threads that share a variable.
my $shared : shared = 0;
my $add = sub {
    for (1 .. 100) {
        lock $shared;
        $shared++;
    }
};
$_->join for map { threads->create($add) } 1 .. 4;
print "$shared\n";

# Lists, sums, dates; structures, also in a file.
print sum(map { $_ * 2 } grep { $_ % 2 } 1 .. 100), " ", join(',', sort { $b <=> $a } 3, 10, 2), " ", md5_hex('x'),
    " ", strftime('%F', gmtime 0), "\n";
my %lengths = map { $_ => length } qw(a bb ccc);
local $Data::Dumper::Sortkeys = 1;
local $Data::Dumper::Indent = 0;
print Dumper(\%lengths), "\n";
store \%lengths, 'st';
print retrieve('st')->{bb}, "\n";

# Files through modules.
find(sub { print "$File::Find::name\n" if /^st$/ }, '.');
copy 'st', 'st2';
print -s 'st' == -s 'st2' ? "same\n" : "differ\n";
mkpath 'p/q/r';
rmtree 'p';
print -e 'p' ? 1 : 0, "\n";
my $temporary = File::Temp->new;
print $temporary 'x';
print -e $temporary->filename ? 1 : 0, "\n";

# Regular expressions, users, sorting much.
(my $text = 'aXbXc') =~ s/X/-/g;
print "$text $<,$>,", join('|', 'k=v;q=w' =~ /(\w)=(\w)/g), "\n";
print join(' ', (getpwuid 0)[0, 7], (getgrnam 'tty')[2]), "\n";
my @many = map { int rand 1e6 } 1 .. 50000;
@many = sort { $a <=> $b } @many;
print scalar(@many), "\n";

# The process itself: folder, mask, name, times; at last another program.
chdir '/usr';
print cwd, "\n";
umask 077;
printf "%o %s\n", umask, $0 =~ m{perl\.pl$} ? 'named' : $0;
$0 = 'new name';
print `ps -o args= -p $$`;
print join(',', (times)[0] >= 0 ? 1 : 0, $$ == getppid() ? 1 : 0, getpgrp > 0 ? 1 : 0, getpriority 0, 0), "\n";
exec 'sh', '-c', 'echo executed; exit 8';
