"""SMTP as bytes: commands, replies, message data, AUTH, and what a server knows between two commands. Exim's ways are in `exim/`."""
