# Tools for text.
cat >people <<END
carol:41:berlin
alice:30:paris
bob:25:rome
dave:25:berlin
alice:7:oslo
END
sort people
sort -t: -k2n -k1 people
sort -t: -k3,3 -k2,2nr people
sort -u -t: -k1,1 people
cut -d: -f1,3 people | sort | uniq
cut -d: -f3 people | sort | uniq -c | sort -rn | awk '{print $2, $1}'
grep -n berlin people
grep -c berlin people
grep -v berlin people
grep -i ALICE people
grep -E '^(alice|bob):[0-9]{2}:' people
grep -o '[0-9]*' people
grep -l rome people none 2>/dev/null
grep nobody people || echo "status $?"
echo 'a.b*c' | grep -F 'b*c'
sed 's/:/ is /; s/:/ from /' people
sed -n '/bob/,/dave/p' people
sed -e '2d' -e '$!N' -e 's/\n/+/' people
sed -E 's/([a-z]+):([0-9]+)/\2-\1/' people
sed '1i first' people | head -n 2
sed -i 's/oslo/bergen/' people
tail -n 1 people
sed 'y/abc/xyz/' people | head -n 1
awk -F: '{ sum += $2; count[$3]++ } END { print sum, sum / NR; for (c in count) print c, count[c] | "sort" }' people
awk 'BEGIN { for (i = 0; i < 5; i++) printf "%d %s\n", i * i, substr("abcdef", i + 1, 2) }'
awk -F: '$2 > 25 { print toupper($1), length($3) }' people
echo 'a b c d' | awk '{ $2 = ""; print NF, $0; print $NF }'
awk 'BEGIN { "echo piped" | getline x; print x; print index("hello", "l"), match("foobar", /o+/), RSTART, RLENGTH }'
awk 'BEGIN { printf "%.3f %e %g\n", 1/3, 12345.678, 0.0001; print int(-3.7), length() }'
awk 'BEGIN { n = split("a,b,c", parts, ","); for (i = n; i; i--) printf "%s", parts[i]; print ""; print gensub(/b/, "X", "g", "abab") }'
tr -d aeiou <people
tr -s l <people | head -n 1
tr 'a-z' 'n-za-m' <people | head -n 1
head -n 2 people
tail -n +4 people
head -c 5 people; echo
tac people
rev people | head -n 1
nl people
wc people
wc -lwc <people
paste -d, people people | head -n 1
fold -w 5 people | head -n 3
expand -t 4 <<END
a	b
END
cat -A <<END
tab	end
END
od -c people | head -n 2
od -An -tx1 people | head -n 1
hexdump -C people | head -n 1
xxd people | head -n 1
strings people | head -n 1
diff people /dev/null | head -n 2
sed 's/alice/eve/' people >other
diff people other
diff -u people other | tail -n +3
cmp people other
printf 'a\nb\n' | cmp - /dev/null 2>&1
patch -p0 people <<END
--- people
+++ people
@@ -1,2 +1,2 @@
-carol:41:berlin
+carol:42:berlin
 alice:30:paris
END
head -n 1 people
seq 1 3 10
seq -s, 5
seq -w 8 11
expr 3 + 4 '*' 5
expr substr hello 2 3
expr hello : 'h\(.*\)o'
factor 360 1234567
echo '2^20; 7/2' | bc 2>/dev/null
echo '3 4 + p' | dc
shuf -i 1-5 | sort | tr '\n' ' '; echo
basename "$(echo /a/b)"
echo c b a | xargs -n 1 | sort | xargs echo sorted
printf '%s\n' 1 2 3 | xargs -I{} echo "<{}>"
cal 2 2024 | cat
date -u -d @1000000000 '+%Y-%m-%d %H:%M:%S %a %j'
TZ=UTC date -d '2024-02-29 12:00' +%s
echo hello | base64
echo aGVsbG8K | base64 -d
md5sum people | cut -c1-32
sha1sum people | cut -c1-40
sha256sum people | cut -c1-64
sha512sum people | cut -c1-32
crc32 people 2>/dev/null
