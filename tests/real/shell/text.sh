#!/bin/bash
# tar, grep, sed, awk, gzip, bzip2, xz, zstd, file, bc.

# What is to be packed: files, links, a pipe, a file with a hole, another's folder, an old file.
seq 1000 >n
for i in 1 2 3; do
    mkdir -p d/$i
    cp n d/$i/f$i
done
ln -s ../n d/link
ln n d/hard
mkfifo d/fifo
truncate -s 1M d/sparse
echo tail >>d/sparse
chmod 640 n
chown 1000:1000 d/2
touch -d '2020-02-02 02:02:02' d/3/f3

# tar: there and back.
tar cf a.tar d
tar tvf a.tar | awk '{ print $1, $2, $NF }' | sort
mkdir o
tar xpf a.tar -C o
diff -r --no-dereference d o/d 2>&1 | grep -v fifo
stat -c '%n %a %u %s' o/d/2 o/d/sparse
stat -c %Y o/d/3/f3
tar cSf s.tar d/sparse
stat -c %s s.tar
rm -r o
mkdir o
tar xf s.tar -C o
stat -c '%s' o/d/sparse
cmp o/d/sparse d/sparse

# Compressed, changed, through pipes, only what is new, damaged.
tar czf a.tgz d
tar cjf a.tbz d
tar cJf a.txz d
tar --zstd -cf a.tzst d
for f in a.t?z a.tzst; do
    tar tf $f | wc -l
done
tar xOf a.tgz d/1/f1 | md5sum
tar rf a.tar n
tar --delete -f a.tar d/1
tar tf a.tar | wc -l
tar uf a.tar n
tar df a.tar 2>&1 | head -n 3
tar --exclude=f2 -cf - d | tar tf - | grep -c f2
tar c d | (cd o && tar x --transform 's,^d,e,')
ls o/e
tar --listed-incremental=snap -cf i0.tar d
sleep 0.1 # the times of files follow the clock in steps
echo x >>d/1/f1
tar --listed-incremental=snap -cf i1.tar d
tar tf i1.tar | sort
tar --xattrs -cf x.tar n
tar xf nothere.tar
echo $?
tar tf /dev/null
echo $?
head -c 700 a.tgz | tar tz >/dev/null 2>&1
echo $?
tar --format=pax -cf p.tar n
tar tf p.tar
tar -cf - --sort=name d | md5sum | wc -c

# gzip.
gzip -k n
stat -c %a n.gz
gzip -l n.gz | tail -n1
zcat n.gz | cmp - n
gunzip -c n.gz | md5sum
gzip -9 <n | wc -c
gzip -t a.tgz
echo $?
gzip -t n
echo $?
zgrep -c 99 n.gz
zdiff n n.gz
echo $?
gzip n
ls n*
gunzip -f n.gz

# bzip2, xz, zstd, also with threads; much that is all alike.
bzip2 -k n
bzcat n.bz2 | cmp - n
bzip2 -tv n.bz2
xz -k n
xz -l n.xz | tail -n 1 | awk '{print $1,$2}'
xzcat n.xz | cmp - n
xz -T2 -c n | xz -d | md5sum
xz -t a.tgz
echo $?
unxz -k -f n.xz
zstd -q n -o n.zst
zstdcat n.zst | md5sum
zstd -q -T2 --rm n.zst -o n.z2
zstd -q -d --stdout <n.z2 | wc -c
head -c 3000000 /dev/zero | xz -0 | xz -dc | wc -c
head -c 3000000 /dev/zero | gzip | gzip -dc | md5sum
yes | head -c 2000000 | zstd -q -T2 -c | zstd -dqc | wc -c

# grep.
grep -c 9 n
grep -n '^99' n
grep -rl 500 d | sort
grep -E '(1|2)00$' n
grep -P '^\d{2}0$' n | head -n 2
grep -v . n
echo $?
grep x nothere
echo $?
grep -o '5.' n | sort | uniq -c | head -n 3
grep -A1 -B1 '^500$' n
grep -w 5 n
grep -q 5 n && echo q
grep -F -f <(echo 77) n | wc -l
grep -z -c a <(printf 'a\0b\0')
yes abcdefg | head -n 100000 | grep -c e
grep --color=always 1000 n
grep a /bin/ls
grep -c '' /dev/null
grep -I x /bin/ls
grep -i ROOT /etc/passwd
grep -L 5 n /etc/group
grep -m2 1 n
grep -r nothing /etc/passwd d/1

# sed.
sed -n '5,7p;$p' n
sed 's/1/X/g;3q' n
sed -i.bak 's/^1$/one/' n
head -n1 n n.bak
sed -i '1d' n
wc -l n
sed '/5/!d' n | wc -l
sed -n 'w out' n
cmp n out
sed -e '1!G;h;$!d' <(seq 3)
sed -s -n '1p' n out
sed y/abc/xyz/ <<<abc
sed -E 's/(.)(.)/\2\1/' <<<ab
sed --follow-symlinks -i 1d d/link
sed = <(seq 2)
sed '1e echo executed' <(seq 1)
sed 's/x/echo run/e' <<<x
sed -u 1q
sed -n '1r /etc/group
$p' n | tail -n1
sed p nothere
echo $?

# awk: sums, files and programs it reads and writes, its functions.
awk '{ s += $1 } END { print s }' n.bak
awk -F: '{ print $1, $NF }' /etc/passwd
awk 'BEGIN {
    while ((getline line < "n") > 0)
        c++
    print c
    "echo cmd" | getline x
    print x
    print "sorted" | "sort"
    close("sort")
    system("exit 3")
    printf "%d %s %5.2f\n", 3.9, "s", 2.5
    print length("abc"), substr("hello", 2, 3), index("abc", "c"), toupper("x")
    print ENVIRON["TERM"]
    n = split("a:b:c", arr, ":")
    print n, arr[3]
    print > "/dev/stderr"
    exit 4
}'
echo $?
awk 'NR % 250 == 0' n
awk '{ print > ("out" NR % 3) }' n
wc -l out?
awk 'BEGIN { print 1e6, 2^53, int(-3.7), sqrt(2), atan2(0, -1); srand(1); print (rand() < 1) }'
awk 'BEGIN { for (i = 0; i < 300000; i++) a[i % 1000] += i; print a[7] }'

# file, bc, strings.
file n a.tgz d /bin/ls d/fifo d/link /dev/null a.txz
bc <<<'scale=20; 4*a(1)' 2>&1
echo '2^200' | bc
strings /bin/ls | head -n1 | wc -l
