# Files and directories: made, listed, found, changed, removed.
umask 022
mkdir -p a/b/c a/d 'with blanks'
echo text >a/file
echo more >a/b/'a file'
ln -s ../file a/b/link
ln a/file a/d/hard
chmod 640 a/file
chmod u+x,g-r a/b/'a file'
chmod 1777 a/d
touch -d '2001-02-03 04:05:06' a/file a/b/'a file' a/b/c a/b a/d a 'with blanks'
touch -h -d '2001-02-03 04:05:06' a/b/link 2>/dev/null
ls -lR a | grep -v '^total' | sed 's/ *[^ ]* *[^ ]* *[0-9]*:[0-9]* link/ link/'
ls -1a a
ls -F a a/b
ls -d */
ls -ln a/file
stat -c '%n %a %h %s %F %u %g %Y' a/file a/b a/b/link
find a | sort
find a -type f -name '*file' | sort
find a -type l -name link -exec readlink {} \;
find a -perm 640 | sort
find . -newer a/file -type d | sort
find a -type d -print0 | xargs -0 -n 1 echo dir | sort
find a -links 2 -type f | sort
cp -a a copy
diff -r a copy && echo same
ls -l copy/b/link | sed 's/.*link/link/'
mv copy/b copy/moved
ls copy
mv a/file a/b
[ -e a/file ] || echo gone
rm -r copy
rmdir 'with blanks'
rmdir a 2>&1
ls
cd a/b
pwd
cd ..
pwd
cd -
cd /
pwd
cd /tmp/play/a/b/../..
pwd
pwd -P
ln -s /tmp/play/a /tmp/play/short
cd /tmp/play/short/b
pwd
pwd -P
cd /tmp/play
readlink -f short/b/../b/link
readlink short
test -L short && test -d short && test ! -f short && echo "a link to a directory"
[ a/b -nt a/b/file ] && echo newer
[ a/b/file -ef a/d/hard ] && echo "the same file"
test -r a/b/file -a -w a/b/file -a ! -x a/b/file && echo "rw-"
mknod pipe p
test -p pipe && echo pipe
touch new
test -s new || echo empty
truncate -s 1000 new
stat -c %s new
rm a/d/hard
du -a a | cut -f2 | sort
basename /x/y/z.txt .txt
dirname /x/y/z.txt
rmdir $(mktemp -d /tmp/play/tmp.XXXXXX)
echo a* */b
echo nothing*
for file in a/b/*; do echo "<$file>"; done
rm -f none && echo quiet
rm none 2>&1
cat none 2>&1
cat a 2>&1
mkdir a 2>&1
ln -s loop loop
cat loop 2>&1
cat new/x 2>&1
mkdir $(printf "%300s" x | tr " " x) 2>&1 | sed "s/.*: //"
chmod 000 new
rm -rf a short pipe
ls
