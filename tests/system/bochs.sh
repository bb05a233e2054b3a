# For the tests in this folder that boot machines in Bochs, to be read after boot.sh. What Bochs' serial port says decides,
# since it has no isa-debug-exit.
#
#     bochs_boot "hello from a disk" 'Hello World!' "$(on_disk hello)"   # $tmp/hello.img
#     bochs_boot "on a processor" 'Hello World!' "$(on_disk hello)" 'cpu: model=ryzen'

command -v bochs >/dev/null 2>&1 || skip_all "bochs is not installed"
roms=/usr/share/bochs

# bochs_boot NAME TEXT LINES...: boots what the configuration LINES add, in a directory of its own, until the serial port
# has said TEXT; sets out to all that it has said.
bochs_boot() {
    boot_name=$1
    text=$2
    shift 2
    rm -rf "$tmp/bochs" "$tmp"/*.lock # which Bochs leaves when it is killed
    mkdir "$tmp/bochs"
    {
        cat <<'END'
display_library: term
megs: 64
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
com1: enabled=1, mode=file, dev=serial
log: log
panic: action=fatal
error: action=ignore
info: action=report
END
        printf '%s\n' "$@"
    } >"$tmp/bochs/rc"
    echo c >"$tmp/bochs/commands" # Debian's Bochs is built with its debugger, which waits for "continue"
    : >"$tmp/bochs/serial"
    background bochs.out sh -c 'cd "$1" && TERM=xterm exec bochs -q -f rc -rc commands' - "$tmp/bochs"
    failed=0
    wait_until $limit grep -q -e "$text" "$tmp/bochs/serial" || failed=1
    sleep 0.2
    out=$(plain <"$tmp/bochs/serial")
    kill -KILL "$child" 2>/dev/null # the debugger ignores all that is milder
    wait "$child" 2>/dev/null || :
    point "$boot_name" $failed
    [ $failed -eq 0 ] || diag "wanted: $text
serial port: $out
$(grep -i -e panic -e "p\[" "$tmp/bochs/log")"
}

on_disk() {
    printf 'ata0-master: type=disk, path=%s, mode=flat\nboot: disk\n' "$tmp/$1.img"
}
