#!/usr/bin/perl
# What testcontainers expects of its Ryuk: says that it has started, acknowledges each filter, ends when its client has gone. Removes nothing.
use strict;
use IO::Socket::INET;
my $listening = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die "no port: $!";
$| = 1;
print "Ryuk has Started!\n";
my $client = $listening->accept or die "nobody came: $!";
$client->autoflush(1);
while (<$client>) { print "filter $_"; print $client "ACK\n"; }
