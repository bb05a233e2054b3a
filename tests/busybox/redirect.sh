# Redirections, pipes, here-documents.
echo one >file
echo two >>file
cat <file
cat <<END
here $((1 + 1)) $(echo substituted) `echo backquoted`
	tab
END
cat <<'END'
here $((1 + 1)) $(not)
END
cat <<-END
	stripped
	END
exec 3>third
echo "to three" >&3
exec 3>&-
cat third
exec 4<file
read first <&4
read second <&4
read third <&4 || echo "end of file"
echo "$first $second"
exec 4<&-
{ echo out; echo err >&2; } 2>/dev/null
{ echo out; echo err >&2; } 2>&1 >/dev/null
ls /nonexistent 2>&1 | cat
echo hello | tr a-z A-Z | rev | tee copy | cat -n
cat copy
seq 1 1000 | grep 7 | wc -l
yes | head -n 3
(echo a; echo b) | while read line; do echo "line $line"; done
echo "no newline\c"; printf 'x'; echo
: >empty
wc -c empty | cut -d' ' -f1
set -C
echo again >file || echo "not clobbered"
echo again >|file
cat file
set +C
mkfifo fifo
cat fifo &
echo "through a FIFO" >fifo
wait
echo $(</dev/null) end
echo "$(cat <<END
nested
END
)"
cat file - file <<END
middle
END
dd if=/dev/zero bs=1000 count=100 2>/dev/null | wc -c
seq 1 100000 | tail -n 1
cat /dev/null
echo x >/dev/null
(echo full >/dev/full) 2>&1 | sed "s/.*: //"
seq 1 20 | sed -n '5p;10q'
read -r a b rest <<END
one two three four
END
echo "$a/$b/$rest"
(echo closed >&7) 2>&1 | sed "s/.*: //"
