#!/bin/bash
# sqlite3 on tmpfs: rollback journal and WAL, two processes at once, in memory, damaged and busy files.

# A file with a rollback journal.
sqlite3 r.db "create table t(a integer primary key, b text); insert into t values(1,'one'),(2,'two');"
sqlite3 r.db 'select * from t'
sqlite3 r.db 'pragma journal_mode; pragma integrity_check'
sqlite3 r.db "begin; insert into t values(3,'three'); rollback; select count(*) from t"
sqlite3 r.db "with recursive c(x) as (select 10 union all select x+1 from c where x<3000)
    insert into t select x, hex(x) from c; select count(*), sum(a), max(b) from t"
sqlite3 -csv -header r.db 'select a,b from t where a % 1000 = 0'
sqlite3 r.db .schema .tables
sqlite3 r.db 'create index i on t(b); explain query plan select * from t where b="31"; vacuum; pragma page_count;'
ls

# A file with a log that is written ahead: one process has it open while another writes.
sqlite3 w.db 'pragma journal_mode=wal; create table t(a); insert into t values(1);'
mkfifo in
sqlite3 w.db <in >seen &
exec 4>in
echo 'select count(*) from t;' >&4
until [ -s seen ]; do
    sleep 0.1
done
ls w.db*
sqlite3 w.db 'insert into t values(2)'
echo 'select count(*) from t;' >&4
exec 4>&-
wait
cat seen
sqlite3 w.db 'pragma wal_checkpoint(truncate)'
ls w.db*

# Files that are busy, and waiting for them.
sqlite3 w.db "begin immediate; insert into t values(5);" ".system sqlite3 w.db 'insert into t values(6)'" \
    ".system sqlite3 w.db 'select count(*) from t'" commit 'select count(*) from t'
sqlite3 r.db "begin exclusive;" ".system sqlite3 r.db 'select count(*) from t'" commit
sqlite3 -cmd '.timeout 60000' r.db 'begin exclusive' \
    '.system (sqlite3 -cmd ".timeout 60000" r.db "insert into t values(9999,0); select 7") &' \
    '.system sleep 0.5' 'commit' '.system sleep 3'
for i in 1 2 3 4; do
    (
        for j in 1 2 3 4 5; do
            sqlite3 -cmd '.timeout 60000' w.db "insert into t values($i$j)"
        done
    ) &
done
wait
sqlite3 w.db 'select count(*) from t'

# Mapped into memory, in memory alone, copies, a damaged file, files that cannot be written.
sqlite3 -cmd 'pragma mmap_size=10000000' r.db 'select count(*), sum(length(b)) from t'
sqlite3 :memory: "select sqlite_version() > '3', upper('x'), random() is not null, date(0, 'unixepoch')"
sqlite3 r.db ".backup b.db"
sqlite3 b.db 'select count(*) from t'
sqlite3 r.db .dump | sqlite3 c.db
sqlite3 c.db 'select count(*) from t'
printf 'junk%.0s' {1..1000} >j.db
sqlite3 j.db 'select 1 from x'
sqlite3 /nothere/x.db 'create table t(a)'
echo $?
sqlite3 -readonly r.db 'insert into t values(null,1)'
chmod 400 r.db

# Other journals, files that SQL reads and writes, little memory.
printf '5,x\n6,y\n' >i.csv
sqlite3 c.db '.mode csv' '.import i.csv t2' 'select * from t2'
sqlite3 c.db 'pragma journal_mode=persist; insert into t values(null,1);
    pragma journal_mode=truncate; insert into t values(null,2);
    pragma journal_mode=memory; insert into t values(null,3);
    pragma synchronous=extra;
    pragma journal_mode=delete; insert into t values(null,4); select count(*) from t'
ls c.db*
sqlite3 c.db "select writefile('out', 'data'), readfile('out'), typeof(lsmode(33188))"
cat out
sqlite3 c.db "pragma temp_store=1; create temp table x as select * from t; select count(*) from x;
    pragma cache_size=10; select count(distinct b) from t a order by b"
