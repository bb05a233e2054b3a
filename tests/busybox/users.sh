# Who may do what: as root, and as another user by su.
umask 022
id
id user 2>&1
chmod 755 .
echo secret >secret
chmod 600 secret
echo open >open
chmod 644 open
mkdir drop private
chmod 1777 drop
chmod 700 private
touch private/file drop/roots
chown user:user open
stat -c '%U %G %a' open secret
chown 0 open
cat >asuser <<'END'
id -u
id -g
cat open
cat secret
echo x >open
echo mine >drop/mine && cat drop/mine
rm -f drop/roots
rm -f drop/mine && echo removed
ls private
cd private
chmod 777 secret
chown user secret
kill -0 1
mkdir drop/d && rmdir drop/d && echo made
mount -t tmpfs none drop
hostname other
ulimit -n 100000000
END
su -s /bin/sh user -c 'sh asuser' 2>&1 | sed 's/^sh: asuser: line [0-9]*: //; s/^asuser: line [0-9]*: //'
stat -c '%U %a' secret
su -s /bin/sh user -c 'umask; touch drop/new; stat -c "%u %g %a" drop/new'
cp /bin/busybox drop/busybox
chmod 4755 drop/busybox
su -s /bin/sh user -c 'drop/busybox id -u'
su -s /bin/sh nobody -c 'id -un'
