# Expansions, quotes, arithmetic, functions: what a shell does by itself.
greeting='hello   world'
echo $greeting "$greeting" '$greeting' \$greeting
echo "${greeting#hello}" "${greeting%%o*}" "${greeting##*o}" "${#greeting}" "${none:-default}" "${greeting:+set}"
echo "${greeting/world/there}" "${greeting:0:5}"
echo $((7 * (3 + 4) % 10)) $((0x1f << 3)) $((010)) $((5 > 3 ? 1 : 2)) $((1 - -1)) $((~0))
x=5
echo $((x++ + ++x)) $x $((x += 10)) $x
set -- a "b c" d
echo $# "$2" "$*" "$@"
for word in "$@"; do printf '<%s>' "$word"; done
echo
shift
echo $1 $#
IFS=:
path=/bin:/usr/bin:/sbin
for part in $path; do echo "part $part"; done
IFS=' 	
'
f() {
    local inner=$1
    [ "$inner" -le 1 ] && { echo 1; return; }
    echo $((inner * $(f $((inner - 1)))))
}
f 10
case abc.tar.gz in *.zip) echo zip ;; *.tar.*) echo tar ;; *) echo other ;; esac
i=0
while :; do
    i=$((i + 1))
    [ $i -eq 3 ] && continue
    [ $i -gt 5 ] && break
    echo $i
done
until [ $i -le 0 ]; do i=$((i - 2)); done
echo $i
if false; then echo no; elif true; then echo yes; else echo no; fi
! false && echo "not false"
echo a{1,2} ~root
eval 'echo $greeting'
type cd echo if
unset greeting
echo "[$greeting]"
set -u
(echo $greeting) 2>&1 | sed 's/.*greeting/greeting/'
set +u
printf '%5d|%-5s|%05.2f|%x|%c|%b\n' 42 ab 3.14159 255 z 'a\tb'
echo "last status $?"
(exit 7); echo $?
sh -c 'exit 300'; echo $?
nosuchcommand 2>/dev/null; echo $?
/etc/passwd 2>/dev/null; echo $?
true | false; echo $?
set -e
(false; echo not reached) || echo caught
