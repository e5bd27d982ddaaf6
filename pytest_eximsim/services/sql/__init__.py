"""The SQL servers that a configuration reaches: recorded, in a container or at a URL; SQLite is always real.

    gate.py         which server a configuration names → which database answers; connection errors in the client libraries' words
    providers.py    where that database comes from; `owned.py`: a database of a real server that is made for one scenario
    record.py       a database that keeps statements and answers from a table
    postgres.py     a real PostgreSQL (psycopg)
    mariadb.py      a real MariaDB or MySQL (PyMySQL)
    sqlite.py       SQLite files of the MTA's file tree
    pgsql_wire.py, mysql_wire.py    the servers' side of the protocols, for a real Exim
"""
