#!/bin/bash
# findutils, diffutils, and which.

# What is to be found: files, folders, links, a pipe, an old one, a long one.
mkdir -p t/{a,b,c}/{x,y}
for d in t/*/*; do
    echo "$d" >$d/f
    : >$d/empty
done
ln -s a t/l
ln t/a/x/f t/hard
chmod 600 t/b/x/f
touch -d '2 days ago' t/c/y/f
mkfifo t/p
printf 'x%.0s' {1..5000} >t/big

# find: by name, kind, length, links, mode, times, depth, path.
find t | sort
find t -type f -name f | sort
find t -type l
find -L t -name f | sort
find t -empty | sort
find t -size +4k
find t -links 2 | sort
find t -samefile t/hard | sort
find t -perm 600
find t -newer t/c/y/f -name f | sort
find t -mtime +1
find t -mmin -5 -type p
find t -maxdepth 1 -mindepth 1 | sort
find t -path '*b*' -prune -o -name f -print | sort

# What it says and does with them.
find t -name f -printf '%p %s %m %n %y %d %u %g %l %f %h\n' | sort
find t -name empty -delete
find t -name empty
find t -name f -exec cat {} + | sort
find t -name f -exec grep -l b {} \; | sort
find t -name f -execdir pwd \; | sort
find t -regex '.*/[ab]/.*f' | sort
find t -type d -depth | sort
find t -xdev -inum $(stat -c %i t/big)
find t -name f -ok echo {} \; </dev/null 2>/dev/null
find nothere
echo $?
find t -user root -group root | wc -l
find t -ls | wc -l
find t -fstype tmpfs | wc -l
find t -readable -writable | wc -l
find t -quit
find /proc/self -maxdepth 1 -name stat*
find /dev/null -type c

# xargs: how many words at once, how many programs at once, programs that fail, long lines.
find t -print0 | xargs -0 -n 5 echo | wc -l
seq 10 | xargs -n 3
seq 10 | xargs -P 4 -n 1 echo | sort -n | paste -sd' '
seq 3 | xargs -I{} echo '<{}>'
echo a | xargs false
echo $?
echo a | xargs -n1 sh -c 'exit 255'
echo $?
echo a | xargs nosuch
echo $?
seq 100000 | xargs echo | wc -l | awk '{print ($1 > 1)}'
xargs -a t/hard echo
yes | head -n 200000 | xargs | wc -c
seq 3 | xargs -t echo
xargs --show-limits </dev/null 2>&1 | grep -c POSIX
printf 'a b\0c' | xargs -0 printf '[%s]'
echo

# diff and its like: of files, folders, pipes, devices, programs.
seq 10 >1
seq 2 11 >2
diff 1 2
diff -u --label a --label b 1 2
diff -y -W 20 1 2
diff -q 1 2
diff -r t/a t/b
diff -rq t nothere
cmp 1 2
cmp -l <(echo a) <(echo b)
cmp -s 1 1
echo $?
sdiff -w 20 1 2 | tail -n 2
diff3 1 2 1
diff3 -m 1 2 <(seq 9)
diff -u /dev/null 1 | tail -n +3 | wc -l
diff <(seq 1000) <(seq 2 1001) | wc -l
diff t/p 1 </dev/null &
sleep 0.2
kill $!
wait $! 2>/dev/null
echo $?
diff -e 1 2
diff -b <(echo 'a  b') <(echo 'a b')
echo $?
diff --brief /bin/ls /bin/cat
which ls nosuch
echo $?
