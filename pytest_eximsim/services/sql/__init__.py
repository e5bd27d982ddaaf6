"""The SQL servers that a configuration reaches: recorded, in a container or at a URL; SQLite is always real.

    gate.py      which server a configuration names → which database answers; connection errors in the client libraries' words
    record.py    a database that keeps statements and answers from a table
    client.py    a real PostgreSQL (psycopg) or MariaDB/MySQL (PyMySQL)
    sqlite.py    SQLite files of the MTA's file tree
"""
