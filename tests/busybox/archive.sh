# Archives and compression.
mkdir -p tree/deep
seq 1 5000 >tree/numbers
head -c 50000 /dev/zero >tree/zeros
echo small >tree/deep/small
ln -s deep/small tree/link
ln tree/deep/small tree/hard
chmod 640 tree/numbers
touch -d '2020-01-01 00:00:00' tree/numbers tree/zeros tree/deep/small tree/deep tree
tar cf tree.tar tree
tar tf tree.tar | sort
tar tvf tree.tar tree/numbers | awk '{print $1, $2, $3, $4, $6}'
mkdir out
tar xf tree.tar -C out
diff -r tree out/tree && echo same
ls -l out/tree/numbers | cut -c1-10
readlink out/tree/link
rm -r out
mkdir out
tar czf tree.tgz tree
tar xzf tree.tgz -C out
diff -r tree out/tree && echo same
tar cf - tree | tar tf - | wc -l
gzip -k tree/numbers
gzip -t tree/numbers.gz && echo whole
gunzip -c tree/numbers.gz | cmp - tree/numbers && echo same
zcat tree/numbers.gz | tail -n 1
gzip <tree/zeros | gunzip | cmp - tree/zeros && echo same
echo damaged >bad.gz
gunzip bad.gz 2>&1
bzip2 -k tree/numbers 2>/dev/null && bunzip2 -c tree/numbers.bz2 | cmp - tree/numbers && echo same
xz -dc /dev/null 2>&1 | wc -c
rm -f tree/numbers.*
(cd tree && find . | sort | cpio -o -H newc 2>/dev/null) >tree.cpio
cpio -t <tree.cpio 2>/dev/null
rm -r out
mkdir out
(cd out && cpio -id <../tree.cpio 2>/dev/null)
diff -r tree out && echo same
unzip -v 2>&1 | head -n 1 | cut -c1-7
uuencode small <tree/deep/small | uudecode -o back && cat back
