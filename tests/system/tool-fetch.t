#!/bin/sh
# scripts/fetch-source: which package sources it makes of the machine's, what it accepts, and what it says when nothing
# helps. An apt-get and a curl of our own stand in for the net.
. "$(dirname "$0")/lib.sh"

# A copy of what it needs, with a manifest of our own.
mkdir -p "$tmp/tree/scripts" "$tmp/tree/third_party" "$tmp/bin" "$tmp/etc/sources.list.d" "$tmp/store" "$tmp/thing-1.2"
cp scripts/fetch-source "$tmp/tree/scripts/"
echo 'int thing;' >"$tmp/thing-1.2/thing.c"
tar -czf "$tmp/store/thing_1.2.orig.tar.gz" -C "$tmp" thing-1.2
sum=$(sha256sum <"$tmp/store/thing_1.2.orig.tar.gz" | cut -d ' ' -f 1)
manifest() {
    printf '# A comment.\nthing  1.2  thing_1.2.orig.tar.gz  %s  https://example.org/thing-1.2.tar.gz\n' "$1" \
        >"$tmp/tree/third_party/manifest"
}
manifest "$sum"

# The apt-get notes its configuration; `source` brings what is in store/apt. The curl brings store/curl.
cat >"$tmp/bin/apt-get" <<END
#!/bin/sh
echo "\$*" >>"$tmp/apt.calls"
cp "\$APT_CONFIG" "$tmp/apt.conf"
case "\$*" in
*source*) cp "$tmp"/store/apt/* . ;;
esac
END
cat >"$tmp/bin/apt-config" <<'END'
#!/bin/sh
echo 'Acquire::http::Proxy "http://proxy:3128";'
echo 'APT::Update::Post-Invoke:: "rm -rf /precious";'
END
cat >"$tmp/bin/curl" <<END
#!/bin/sh
echo "\$*" >>"$tmp/curl.calls"
while [ \$# -gt 1 ]; do
    [ "\$1" != -o ] || to=\$2
    shift
done
cp "$tmp/store/curl" "\$to"
END
chmod +x "$tmp/bin/"*
fetch() {
    rm -f "$tmp/apt.calls" "$tmp/curl.calls" "$tmp/apt.conf"
    run env PATH="$tmp/bin:$PATH" CORRODE_APT_ETC="$tmp/etc" BUILD=build "$tmp/tree/scripts/fetch-source" "$@"
}
fresh() {
    rm -rf "$tmp/tree/build" "$tmp/store/apt" "$tmp/store/curl"
    mkdir "$tmp/store/apt"
}
apt=$tmp/tree/build/third_party/apt

# --- From apt, as deb-src of Debian's sources alone.
cat >"$tmp/etc/sources.list" <<'END'
# deb http://deb.debian.org/debian stretch main
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] http://deb.debian.org/debian bookworm main contrib
deb https://download.docker.com/linux/debian bookworm stable
deb-src http://ftp.de.debian.org/debian/ bookworm main
END
echo 'deb http://mirror.example.org/debian-security bookworm-security main # ours' >"$tmp/etc/sources.list.d/a.list"
cat >"$tmp/etc/sources.list.d/b.sources" <<'END'
Types: deb
# a comment
URIs: http://deb.debian.org/debian
 http://mirror.example.org/debian
Suites: bookworm bookworm-updates
Components: main
Architectures: amd64
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF==
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
URIs: https://deb.nodesource.com/node_20.x
Suites: nodistro
Components: main

Types: deb
URIs: http://deb.debian.org/debian
Suites: sid
Components: main
Enabled: no
END
fresh
cp "$tmp/store/thing_1.2.orig.tar.gz" "$tmp/store/apt/"
fetch thing
is "apt brings it" "$status" 0
is "without a word" "$out$err" ""
is "it is unpacked" "$(cat "$tmp/tree/build/third_party/thing/thing.c" 2>&1)" "int thing;"
is "one-line sources become deb-src" "$(cat "$apt/sources.list")" \
    "deb-src [ signed-by=/usr/share/keyrings/x.gpg ] http://deb.debian.org/debian bookworm main contrib
deb-src http://ftp.de.debian.org/debian/ bookworm main
deb-src http://mirror.example.org/debian-security bookworm-security main # ours"
is "so do those of the other format" "$(cat "$apt/sources/debian.sources")" "Types: deb-src
URIs: http://deb.debian.org/debian
 http://mirror.example.org/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF==
 -----END PGP PUBLIC KEY BLOCK-----"
like "the way to the net is the machine's" "$(cat "$tmp/apt.conf")" '^Acquire::http::Proxy "http://proxy:3128";'
is "its hooks are not" "$(grep -c precious "$tmp/apt.conf")" 0
is "every directory is ours" "$(grep '^Dir::' "$tmp/apt.conf" | grep -vc "\"$apt/")" 0
is "only the tarball is asked for" "$(tail -n 1 "$tmp/apt.calls")" "-q source --download-only --tar-only thing"
ok "upstream is not" test ! -e "$tmp/curl.calls"
fetch thing
is "a second time there is nothing to do" "$status$(cat "$tmp/apt.calls" 2>/dev/null)" 0
rm -r "$tmp/tree/build/third_party/thing"
fetch thing
is "the tarball is kept" "$status$(cat "$tmp/apt.calls" 2>/dev/null)" 0

# --- From upstream, where apt has another version, or something else under the name, or no Debian.
fresh
echo other >"$tmp/store/apt/thing_1.3.orig.tar.gz"
cp "$tmp/store/thing_1.2.orig.tar.gz" "$tmp/store/curl"
fetch thing
is "another version: upstream brings it" "$status" 0
like "from the manifest's address" "$(cat "$tmp/curl.calls")" ' https://example.org/thing-1\.2\.tar\.gz$'
fresh
echo damaged >"$tmp/store/apt/thing_1.2.orig.tar.gz"
cp "$tmp/store/thing_1.2.orig.tar.gz" "$tmp/store/curl"
fetch thing
is "a damaged file: upstream brings it" "$status" 0
ok "whole" test -e "$tmp/tree/build/third_party/thing/thing.c"
rm -r "$tmp/etc/sources.list.d" "$tmp/etc/sources.list"
fresh
cp "$tmp/store/thing_1.2.orig.tar.gz" "$tmp/store/curl"
fetch thing
is "no Debian here: upstream brings it" "$status" 0
ok "apt is not asked" test ! -e "$tmp/apt.calls"

# --- Refusals.
fresh
echo damaged >"$tmp/store/curl"
fetch thing
is "a wrong checksum is refused" "$status" 1
like "it says which" "$err" 'has the SHA-256 [0-9a-f]{64}, not '"$sum"
like "and what to do" "$err" '^fetch-source: neither .* put the file into .*/downloads/ if you have it$'
ok "nothing is left" test ! -e "$tmp/tree/build/third_party/thing"
mkdir -p "$tmp/tree/build/third_party/downloads"
cp "$tmp/store/thing_1.2.orig.tar.gz" "$tmp/tree/build/third_party/downloads/"
fetch thing
is "who has the file can put it there" "$status" 0
fetch nothing
is "an unknown name is refused" "$status" 1
like "by name" "$err" '^fetch-source: third_party/manifest has no line for nothing$'
fetch
like "no name: the names are listed" "$err" 'usage: scripts/fetch-source NAME, one of: thing$'
echo 'short 1.0 file' >>"$tmp/tree/third_party/manifest"
fetch short
like "a line with too few fields is refused" "$err" 'has 3 fields, not five'
manifest 0000000000000000000000000000000000000000000000000000000000000000
fetch thing
is "a new checksum in the manifest is believed, not the old file" "$status" 1
ok "scripts/fetch-source brings what the build needs" scripts/fetch-source libvterm
