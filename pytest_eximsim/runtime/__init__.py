"""The only place with sockets, threads, processes and real time: tasks, clocks, connections, TLS, files, children. Knows no Exim rule."""
