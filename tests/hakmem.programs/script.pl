# SPDX-License-Identifier: MIT
# script.pl - hashes, expressions, sorting, closures, fork and threads; prints sums (test).
use strict;
use warnings;
use Config;

sub sum { my $s = 0; $s = ($s * 31 + ord) % 1000000007 for split //, shift; return $s }

my %words;
for my $i (1 .. 200000) {
    my $key = sprintf '%x', $i * 69069 % 50021;
    $words{$key}{count}++;
    push @{ $words{$key}{list} }, $i if $i % 3 == 0;
    delete $words{ sprintf '%x', $i % 5000 } if $i % 7 == 0;
}
my $flat = join ';', map { "$_=$words{$_}{count}:" . join ',', @{ $words{$_}{list} // [] } } sort keys %words;
print 'hashes ', scalar(keys %words), ' ', length($flat), ' ', sum(substr $flat, 0, 20000), "\n";

my $n = () = $flat =~ /([0-9a-f]+)=(\d+):(?:\d+,)*(\d+)/g;
(my $copy = $flat) =~ s/([0-9a-f]{3,})=/<$1>/g;
my @parts = split /;/, $copy;
print "matches $n ", length($copy), ' ', scalar(@parts), "\n";
my @sorted = sort { length $a <=> length $b or $a cmp $b } @parts;
print 'sorted ', sum(join '', @sorted[0 .. 499]), "\n";

my $text = '';
$text .= chr(97 + $_ % 26) x ($_ % 17) for 1 .. 60000;
print 'text ', length $text, ' ', sum(substr $text, -5000), "\n";
my @closures = map { my $i = $_; sub { $i += shift; $i } } 1 .. 20000;
my $total = 0;
$total += $_->(3) for @closures;
print "closures $total\n";

for my $child (1 .. 5) {
    my $pid = open my $from, '-|';
    die "fork: $!" unless defined $pid;
    if (!$pid) {
        my %mine = map { $_ => [ ($_) x ($_ % 9) ] } 1 .. 5000 * $child;
        print scalar(keys %mine), ' ', sum(join '', map { @{ $mine{$_} } } 1 .. 1000), "\n";
        exit 0;
    }
    print "child $child ", <$from>;
    close $from or die "child: $?";
}

if ($Config{useithreads}) {
    require threads;
    my @threads = map {
        my $id = $_;
        threads->create(sub {
            my %own;
            $own{ $_ * $id } = 'v' x ($_ % 100) for 1 .. 20000;
            my $s = 0;
            $s += length for values %own;
            return $s;
        });
    } 1 .. 4;
    print 'threads ', join(' ', map { $_->join } @threads), "\n";
}
