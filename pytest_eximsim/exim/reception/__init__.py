"""A message comes in: one SMTP session from the accepted connection to its end (Exim's specification, chapters 47 to 49).

    daemon.py    what the daemon does with a connection before it forks a process for it
    session.py   the process: state, table of commands, the loop
    connect.py   from the fork to the banner; proxy.py the PROXY header; ident.py RFC 1413
    hello.py envelope.py queries.py authentication.py encryption.py   the commands
    content.py   data after 354 or BDAT as header lines and body; message.py what becomes of it; fixups.py arrival.py its parts
    replies.py   replies, refusals, errors that are counted; ending.py  how sessions end and what is logged then
    channel.py   bytes: buffered input and output
"""
