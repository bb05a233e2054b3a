# For real-*.t, to be read after lib.sh and boot.sh: programs of Debian's packages, as they are, in roots of their own, and
# scripts that use them, which must say on Corrode what they say on this machine.
#
#     real_root shell bash coreutils nano     # $tree: these packages' files, and the libraries that their programs name
#     real_compare shell -M 1G --smp 2        # tests/real/shell/*.sh, *.py, ... on this machine and inside; the rest is
#                                             # for `corrode run`
#
# A package's files are this machine's, where it is installed; else the package is fetched with apt-get. Roots are kept in
# build/real/ until the list of installed packages or this file changes. SCRIPTS='jobs paths' plays some scripts only,
# OPTIONS='--smp 4 --kernel build/kernel-debug.elf' on another machine or kernel.
limit=400

real_cache=$build/real
real_left_out='^/usr/share/(doc|man|locale|info|lintian|bug|bash-completion|zsh)/.|^/usr/share/perl/[0-9.]+/(pod|unicore/lib)/
^/usr/(lib|include)/node|^/var/lib/dpkg|lto-dump|/(lto1|lto-wrapper|cc1plus|g[+][+]-mapper-server|adalib|install-tools)(/|$)
/lib(asan|tsan|lsan|ubsan|gprofng|itm|quadmath|c|m|m-2.36|mvec)(_preinit)?[.](a|o)$|/__pycache__/
/python3[.][0-9]+/(test|idlelib|lib2to3|ensurepip|distutils|pydoc_data)/'

[ "$(id -u)" -eq 0 ] || skip_all "roots of one's own take root"
unshare -m -p -f true 2>/dev/null || skip_all "this machine lets nobody have namespaces"
command -v dpkg-query >/dev/null 2>&1 || skip_all "this machine has no Debian packages"
umask 022
chmod 755 "$tmp"

# real_package NAME: its files into $real_new; fails when it cannot be had.
real_package() {
    if [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; then
        dpkg-query -L "$1" | grep -Ev "$real_left_out" | grep -v '^/\.$' |
            sed s,^/,, | tar -c -C / --no-recursion --ignore-failed-read -T - 2>/dev/null |
            tar -x --keep-directory-symlink -C "$real_new"
    else
        mkdir -p "$real_cache/packages"
        set -- "$1" "$real_cache/packages/$1"_*.deb
        [ -e "$2" ] || (cd "$real_cache/packages" && timeout 60 apt-get -q download "$1") >/dev/null 2>&1 || return 1
        set -- "$real_cache/packages/$1"_*.deb
        dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink --exclude './usr/share/doc' \
            --exclude './usr/share/man' --exclude './usr/share/locale' -C "$real_new"
    fi
}

# real_libraries: those that the programs in $real_new name, and those that these name, where this machine has them and no
# package brought them.
real_libraries() {
    real_found=1
    while [ $real_found -ne 0 ]; do
        find "$real_new/usr/bin" "$real_new/usr/sbin" "$real_new/usr/lib" -type f \( -perm -u+x -o -name '*.so*' \) -size +3k \
            -exec readelf -d {} + 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p' | sort -u >"$tmp/needed"
        find "$real_new/usr/lib" -name '*.so*' -printf '%f\n' | sort -u >"$tmp/there"
        ldconfig -p | sed -n 's/^\t\([^ ]*\) (libc6,x86-64.* => \(.*\)$/\1 \2/p' | sort -k1,1 >"$tmp/known"
        comm -23 "$tmp/needed" "$tmp/there" | join - "$tmp/known" | cut -d' ' -f2 >"$tmp/libraries"
        real_found=$(wc -l <"$tmp/libraries")
        while read -r library; do
            cp -L --parents "$library" "$real_new" || return
        done <"$tmp/libraries"
    done
}

# real_root NAME PACKAGES...: sets $tree, and $missing to the packages that could not be had.
real_root() {
    tree=$real_cache/$1
    real_stamp="$(cksum <tests/system/real.sh) $(cksum </var/lib/dpkg/status) $*"
    real_new=$real_cache/$1.new
    shift
    missing=
    [ -f "$tree.stamp" ] && missing=$(tail -n 1 "$tree.stamp")
    [ -d "$tree" ] && [ "$(head -n 1 "$tree.stamp" 2>/dev/null)" = "$real_stamp" ] && [ -z "$missing" ] && return
    missing=
    rm -rf "$tree" "$tree.stamp" "$real_new"
    mkdir -p "$real_new/usr/bin" "$real_new/usr/sbin" "$real_new/usr/lib" "$real_new/usr/lib64"
    for name in bin sbin lib lib64; do
        ln -s "usr/$name" "$real_new/$name"
    done
    for package in libc6 libc-bin base-files ncurses-base "$@"; do
        real_package "$package" || missing="$missing $package"
    done
    real_libraries
    (
        cd "$real_new" || exit
        mkdir -p -m 755 proc sys dev run var/log etc root home t
        mkdir -p -m 1777 tmp var/tmp
        rm -rf var/run var/lock
        ln -s /run var/run
        for pair in awk:mawk cc:gcc vi:vim.tiny lua:lua5.4 editor:nano pager:less; do
            [ ! -x "usr/bin/${pair#*:}" ] || [ -e "usr/bin/${pair%:*}" ] || ln -s "${pair#*:}" "usr/bin/${pair%:*}"
        done
        printf 'root:x:0:0:root:/root:/bin/bash\nuser:x:1000:1000:A user:/home:/bin/bash\n' >etc/passwd
        printf 'root:x:0:\ntty:x:5:\nuser:x:1000:\n' >etc/group
        printf '127.0.0.1 localhost corrode\n' >etc/hosts
        printf 'passwd: files\ngroup: files\nhosts: files\n' >etc/nsswitch.conf
        : >etc/fstab
        ldconfig -r . 2>/dev/null
        rm -rf var/cache/ldconfig
    )
    mv "$real_new" "$tree"
    printf '%s\n%s\n' "$real_stamp" "$missing" >"$tree.stamp"
}

# real_has PACKAGE: it could be had.
real_has() {
    case " $missing " in *" $1 "*) return 1 ;; esac
}

# real_inside COMMAND...: runs it in $tree, on this machine, as process 1 of namespaces of its own, with the environment
# that our kernel gives to process 1.
real_inside() {
    # shellcheck disable=SC2016 # the inner shell's
    timeout $limit unshare -m -p -u -i -f sh -c '
        root=$1
        shift
        mount --make-rprivate / && mount -t proc proc "$root/proc" && mount -t sysfs sysfs "$root/sys" &&
            mount --rbind /dev "$root/dev" && mount -t tmpfs -o mode=1777 tmpfs "$root/tmp" &&
            mount -t tmpfs -o mode=755 tmpfs "$root/run" && hostname corrode &&
            exec env -i HOME=/ TERM=linux PATH=/sbin:/usr/sbin:/bin:/usr/bin chroot "$root" "$@"' sh "$tree" "$@"
}

# part FILE SCRIPT: what it has said, and its status.
part() {
    sed -n "/^# begin $2\$/,/^# end $2 /p" "$1"
}

# real_play SCRIPTS OPTIONS...: on this machine, what they say to $tmp/native, and inside, to $tmp/inside; sets $status.
real_play() {
    real_scripts=$1
    shift
    # shellcheck disable=SC2086 # words
    real_inside /bin/sh /t/all $real_scripts >"$tmp/native.raw" 2>&1 </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    plain <"$tmp/native.raw" >"$tmp/native"
    # shellcheck disable=SC2086 # words
    boot "$@" ${OPTIONS-} "$tree" sh /t/start $real_scripts
    printf '%s\n' "$out" | grep -v '^\[ *[0-9]*\.[0-9]*\] ' >"$tmp/inside"
    [ -z "${KEEP:-}" ] || { mkdir -p "$KEEP" && cp "$tmp/native" "$tmp/inside" "$KEEP/" && cp "$tmp/.out" "$KEEP/raw"; }
}

# real_alike SCRIPT: it has said the same; otherwise shows the difference.
real_alike() {
    part "$tmp/native" "$1" >"$tmp/wanted"
    part "$tmp/inside" "$1" >"$tmp/got"
    [ -s "$tmp/wanted" ] && diff -u "$tmp/wanted" "$tmp/got" >"$tmp/difference" && return
    tail -n +3 "$tmp/difference" | head -n 60 | sed "s,^,# $1: ," >&2
    return 1
}

# real_compare FOLDER OPTIONS...: the scripts of tests/real/FOLDER. Many of them depend on the time that something takes, on
# either side, so one that differs gets a second chance, alone; what was different is shown all the same.
real_compare() {
    real_folder=$1
    shift
    rm -rf "${tree:?}/t"
    cp -r "tests/real/$real_folder" "$tree/t"
    cp tests/real/all tests/real/start "$tree/t/"
    real_list=$(cd "tests/real/$real_folder" && for script in ${SCRIPTS:-*}; do
        for file in "$script" "$script".*; do
            [ ! -f "$file" ] || echo "/t/$file"
        done
    done | tr '\n' ' ')
    real_play "$real_list" "$@"
    is "every script ends on this machine" "$(tail -n 1 "$tmp/native")" "# end of list"
    is "every script ends on Corrode" "$status $(tail -n 1 "$tmp/inside")" "0 # end of list"
    [ "$status" -eq 0 ] || explain "wanted 0" "$real_folder"
    real_again=
    for script in $real_list; do
        if real_alike "${script#/t/}"; then
            point "${script#/t/}" 0
        else
            real_again="$real_again $script"
        fi
    done
    for script in $real_again; do
        real_play "$script" "$@"
        real_alike "${script#/t/}"
        point "${script#/t/} (second chance)" $?
    done
}
