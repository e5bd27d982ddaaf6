"""Standards as bytes: SMTP (RFC 5321), PROXY (HAProxy's proxy-protocol.txt). No Exim, no socket, no clock."""
