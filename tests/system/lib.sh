# For the tests in this folder, to be read by them first:
#
#     . "$(dirname "$0")/lib.sh"
#     run corrode image --kernel "$hello" -o "$tmp/disk.img"      # sets $status, $out, $err
#     is "image exits with 0" "$status" 0
#     like "run says hello" "$out" 'Hello World!'
#     ok "fsck is content" fsck.fat -n "$tmp/partition"
#     skip "loop devices" "none here"
#
# Tests run from the top of the tree. The plan is printed at the end, by a trap, which also removes $tmp and ends the
# programs that were started with `background`.

cd "$(dirname "$0")/../.." || exit 1
root=$PWD
build=$(realpath "${BUILD:-build}")
hello=$build/examples/hello.elf
PATH=$build:/usr/sbin:/sbin:$PATH
export PATH
export LC_ALL=C TZ=UTC
unset DISPLAY WAYLAND_DISPLAY SOURCE_DATE_EPOCH

tmp=$(mktemp -d) || exit 1
TMPDIR=$tmp
export TMPDIR
count=0
failures=0
children=

finish() {
    finish_status=$?
    trap - EXIT
    for child in $children; do
        kill "$child" 2>/dev/null
        wait "$child" 2>/dev/null
    done
    if command -v test_cleanup >/dev/null 2>&1; then
        test_cleanup
    fi
    rm -rf "$tmp"
    [ "$finish_status" -eq 0 ] || exit "$finish_status" # no plan: prove reports a test that died
    echo "1..$count"
    [ "$failures" -eq 0 ] || exit 1
    exit 0
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

# One test point: NAME, then 0 for passed.
point() {
    count=$((count + 1))
    if [ "$2" -eq 0 ]; then
        printf 'ok %d - %s\n' "$count" "$1"
    else
        failures=$((failures + 1))
        printf 'not ok %d - %s\n' "$count" "$1"
    fi
}

# tell WHERE FILE: lines "ok NAME", "not ok NAME # WHY" and comments, of programs that do not number, as points; WHERE ends
# their names. Why one failed is said as errors, so that it is seen under prove, too.
tell() {
    tell_to=1
    while read -r line; do
        case $line in
        'ok '*)
            tell_to=1
            point "${line#ok }$1" 0
            ;;
        'not ok '*)
            tell_to=2
            line=${line#not ok }
            case $line in
            *' # '*)
                point "${line%% # *}$1" 1
                printf '# %s\n' "${line#* # }" >&2
                ;;
            *) point "$line$1" 1 ;;
            esac
            ;;
        '#'*) printf '%s\n' "$line" >&$tell_to ;;
        esac
    done <"$2"
}

# drive_it WHERE ARGUMENTS...: a session that tests/drive/drive.c plays ($drive), told. What is typed may come before whoever
# is to read it, on a busy machine, so a session that fails gets a second chance.
drive_it() {
    drive_where=$1
    shift
    for drive_chance in 1 2; do
        rm -f "$tmp/monitor"
        "$drive" "$@" >"$tmp/drive.out" 2>"$tmp/drive.err" </dev/null
        drive_status=$?
        [ $drive_status -ne 0 ] || break
        [ $drive_chance -eq 2 ] || diag "before the second chance ($drive_where):
$(grep -v '^ok' "$tmp/drive.out")"
    done
    tell " ($drive_where)" "$tmp/drive.out"
    [ $drive_status -le 1 ] || point "it was driven to its end ($drive_where)" 1
    [ ! -s "$tmp/drive.err" ] || diag "$(cat "$tmp/drive.err")"
}

# Text as TAP comments, its lines cut where no one would read on; as errors, so that it is seen under prove, too.
diag() {
    printf '%s\n' "$*" | cut -c1-1000 | sed 's/^/# /' >&2
}

# Runs a command; sets status, out and err.
run() {
    status=0
    "$@" >"$tmp/.out" 2>"$tmp/.err" </dev/null || status=$?
    out=$(cat "$tmp/.out")
    err=$(cat "$tmp/.err")
}

# ok NAME COMMAND...: passes when the command succeeds.
ok() {
    ok_name=$1
    shift
    run "$@"
    point "$ok_name" "$status"
    [ "$status" -eq 0 ] || diag "status $status of: $*
$out
$err"
}

# is NAME GOT WANTED
is() {
    is_failed=0
    [ "$2" = "$3" ] || is_failed=1
    point "$1" $is_failed
    [ $is_failed -eq 0 ] || diag "got:    $2
wanted: $3"
}

# like NAME GOT REGEX: an extended regular expression that some line of GOT must match; unlike: that none may.
like() {
    like_failed=0
    printf '%s\n' "$2" | grep -Eq -e "$3" || like_failed=1
    point "$1" $like_failed
    [ $like_failed -eq 0 ] || diag "no match for: $3
in: $2"
}
unlike() {
    like_failed=0
    printf '%s\n' "$2" | grep -Eq -e "$3" && like_failed=1
    point "$1" $like_failed
    [ $like_failed -eq 0 ] || diag "unwanted match for: $3
in: $2"
}

# refuses NAME STATUS REGEX COMMAND...: the command must fail with that status and an error that matches.
refuses() {
    refuses_name=$1
    refuses_status=$2
    refuses_regex=$3
    shift 3
    run "$@"
    refuses_failed=0
    [ "$status" -eq "$refuses_status" ] || refuses_failed=1
    printf '%s\n' "$err" | grep -Eq -e "$refuses_regex" || refuses_failed=1
    point "$refuses_name" $refuses_failed
    [ $refuses_failed -eq 0 ] || diag "status $status (wanted $refuses_status) of: $*
$err
wanted: $refuses_regex"
}

# skip NAME WHY
skip() {
    count=$((count + 1))
    echo "ok $count - $1 # SKIP $2"
}

# Everything is skipped: skip_all WHY
skip_all() {
    trap - EXIT
    rm -rf "$tmp"
    echo "1..0 # SKIP $1"
    exit 0
}

# Starts a command that the end of the test also ends; sets child. Its output goes to $tmp/NAME.
background() {
    background_name=$1
    shift
    "$@" >"$tmp/$background_name" 2>&1 </dev/null &
    child=$!
    children="$children $child"
}

# wait_until SECONDS COMMAND...: tries the command until it succeeds.
wait_until() {
    wait_left=$(($1 * 5))
    shift
    until "$@" >/dev/null 2>&1; do
        wait_left=$((wait_left - 1))
        [ $wait_left -gt 0 ] || return 1
        sleep 0.2
    done
}

# One line to the monitor of a QEMU that was started with `-monitor unix:SOCKET,server=on,wait=off`; prints its answer.
# The monitor says when it is done by prompting for more.
monitor() {
    perl -MIO::Socket::UNIX -e '
        my ($path, $command) = @ARGV;
        alarm 60;
        my $qemu = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!\n";
        sub answer {
            my $text = "";
            until ($text =~ /^\(qemu\) \z/m) { sysread $qemu, $text, 4096, length $text or return $text }
            return $text;
        }
        answer();
        syswrite $qemu, "$command\n";
        my ($echo, @lines) = split /\r?\n/, answer();
        print map { /^\(qemu\) / ? () : "$_\n" } @lines;
    ' "$1" "$2"
}

# screendump SOCKET FILE: what is on the screen, as PPM.
screendump() {
    monitor "$1" "screendump $2" >/dev/null
    wait_until 5 test -s "$2"
}

# bytes FILE OFFSET COUNT: in hexadecimal.
bytes() {
    od -An -v -tx1 -j"$2" -N"$3" "$1" | tr -d ' \n'
}

# partition IMAGE FILE: the system partition of a raw image, for tools that want a file system.
partition() {
    dd if="$1" of="$2" bs=1M skip=1 status=none
}
