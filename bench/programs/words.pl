# SPDX-License-Identifier: MIT
# words.pl - a Perl script that counts, cuts up, sorts and joins text: hashes, arrays, strings, patterns.
#
# words.pl [LINES] [LINES]...: the last number counts. The text is made up here, always the same.
use strict;
use warnings;

my $lines = @ARGV ? $ARGV[-1] : 11000;
my @syllables = qw(ba ce di fo gu ha ke li mo nu pa re si to vu wa ye zo an el in or un st);
my $seed = 42;

sub draw {
    $seed = ($seed * 1103515245 + 12345) % 2147483648;
    return ($seed >> 12) % $_[0];
}

sub word {
    return join '', map { $syllables[draw(scalar @syllables)] } 0 .. draw(3);
}

sub line {
    return join ' ', map { draw(11) ? word() : sprintf('%s=%d', word(), draw(10000)) } 0 .. draw(9) + 2;
}

my (%count, %where, %values, @text);
for my $number (1 .. $lines) {
    my $line = line();
    push @text, { number => $number, line => $line, words => [split / /, $line] };
    while ($line =~ /([a-z]+)=(\d+)/g) {
        push @{ $values{$1} }, $2;
    }
    for my $word ($line =~ /\b([a-z]+)\b/g) {
        $count{$word}++;
        $where{$word}{ $number % 100 } .= "$number,";
    }
}

my @order = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
print "$_ $count{$_} ", scalar(keys %{ $where{$_} }), "\n" for @order[0 .. 20];

my %anagrams;
push @{ $anagrams{ join '', sort split //, $_ } }, $_ for @order;
my @groups = sort { @$b <=> @$a || $a->[0] cmp $b->[0] } grep { @$_ > 2 } values %anagrams;
print scalar(@groups), " groups, the largest: @{ [ sort @{ $groups[0] } ] }\n" if @groups;

my @sorted = sort { $a->{words}[0] cmp $b->{words}[0] || @{ $a->{words} } <=> @{ $b->{words} }
    || $a->{number} <=> $b->{number} } @text;
my $joined = join "\n", map { join ' ', reverse @{ $_->{words} } } @sorted;
(my $upper = $joined) =~ s/\b([a-z])([a-z]*)=(\d+)/uc($1) . $2 . ':' . ($3 % 97)/ge;
my @paragraphs = split /\n(?=s)/, $upper;
print scalar(@paragraphs), ' ', length($upper), ' ', unpack('%32C*', $upper), "\n";

my $total = 0;
for my $name (sort keys %values) {
    my @numbers = sort { $a <=> $b } @{ $values{$name} };
    $total += $numbers[$#numbers / 2] * @numbers;
}
print "$total\n";
