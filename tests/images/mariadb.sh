#!/bin/sh
# What the official image promises: MARIADB_ROOT_PASSWORD, MARIADB_DATABASE, MARIADB_USER, MARIADB_PASSWORD.
set -e
data=/var/lib/mysql-eximsim
mkdir -p "$data" /run/mysqld; chown mysql:mysql "$data" /run/mysqld
mariadb-install-db --user=mysql --datadir="$data" --skip-test-db --auth-root-authentication-method=normal >/dev/null
cat > /tmp/init.sql <<SQL
ALTER USER 'root'@'localhost' IDENTIFIED BY '${MARIADB_ROOT_PASSWORD:?}';
CREATE USER 'root'@'%' IDENTIFIED BY '${MARIADB_ROOT_PASSWORD}';
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
SQL
[ -z "$MARIADB_DATABASE" ] || echo "CREATE DATABASE \`$MARIADB_DATABASE\`;" >> /tmp/init.sql
[ -z "$MARIADB_USER" ] || printf "CREATE USER '%s'@'%%' IDENTIFIED BY '%s';\nGRANT ALL ON \`%s\`.* TO '%s'@'%%';\n" \
    "$MARIADB_USER" "$MARIADB_PASSWORD" "$MARIADB_DATABASE" "$MARIADB_USER" >> /tmp/init.sql
chown mysql /tmp/init.sql
exec mariadbd --no-defaults --user=mysql --datadir="$data" --bind-address=0.0.0.0 --socket=/run/mysqld/mysqld.sock --init-file=/tmp/init.sql
