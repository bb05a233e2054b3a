# Many of everything.
i=0
while [ $i -lt 500 ]; do
    echo $i >f$i
    i=$((i + 1))
done
ls | wc -l
cat f* | sort -n | tail -n 1
find . -type f | xargs cat | awk '{s += $1} END {print s}'
mkdir $(seq 1 200 | sed s/^/d/)
ls -d d* | wc -l
rm -rf d* f*
ls | wc -l
seq 1 50000 | sort -rn | head -n 1
seq 1 50000 | md5sum | cut -c1-32
deep=.
for i in $(seq 1 50); do deep=$deep/d; done
mkdir -p $deep
echo deep >$deep/file
find . -name file | wc -c
cat $(find . -name file)
rm -r d
x=x
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do x=$x$x; done
echo ${#x}
echo $x | wc -c
env X="$x" sh -c 'echo ${#X}'
cat /dev/zero | tr '\0' 'a' | head -c 1000000 | gzip | gunzip | md5sum | cut -c1-32
for i in 1 2 3 4; do (seq 1 20000 | sort -rn | md5sum | cut -c1-8) & done | sort
wait
dd if=/dev/zero of=sparse bs=1 count=1 seek=10M 2>/dev/null
ls -l sparse | awk '{print $5}'
cat sparse | wc -c
seq 1 200 | sed 's/.*/echo &/' | sh | awk '{s += $1} END {print s}'
echo "echo a; echo b" | sh | cat | cat | cat | cat | cat | cat | cat | cat
sh -c 'sh -c "sh -c \"sh -c \\\"echo nested\\\"\""'
f() { [ $1 -eq 0 ] || f $(($1 - 1)); }
f 200 && echo recursed
