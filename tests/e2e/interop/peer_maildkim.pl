#!/usr/bin/perl
# Mail::DKIM behind a pipe.  Lines in:
#   verify RECORD-FILE MESSAGE-FILE           -> a line: the results, top first
#   sign ALGORITHM METHOD DOMAIN SELECTOR KEY MESSAGE-FILE OUT-FILE -> "ok"
#   arc-verify RECORD-FILE MESSAGE-FILE       -> a line: the result and why
#   arc-sign DOMAIN SELECTOR KEY ID MESSAGE-FILE OUT-FILE -> "ok"
use strict;
use warnings;
use Mail::DKIM::ARC::Signer;
use Mail::DKIM::ARC::Verifier;
use Mail::DKIM::Signer;
use Mail::DKIM::Verifier;
use Net::DNS;
$| = 1;

package Records;
sub new { my ($class, %r) = @_; return bless {%r}, $class }
sub errorstring { return 'NXDOMAIN' }
sub send {
	my ($self, $name, $type) = @_;
	my $packet = Net::DNS::Packet->new($name, $type);
	$packet->header->qr(1);
	if (my $text = $self->{lc $name}) {
		my @strings = unpack '(a255)*', $text;
		$packet->push(answer => Net::DNS::RR->new(
			name => $name, type => 'TXT', ttl => 60, txtdata => \@strings));
	} else {
		$packet->header->rcode('NXDOMAIN');
	}
	return $packet;
}
sub query { my $self = shift; return $self->send(@_) }

package main;

sub slurp {
	my ($path) = @_;
	open my $f, '<:raw', $path or die "$path: $!";
	local $/;
	return scalar <$f>;
}

sub use_records {
	my ($records) = @_;
	my %r;
	for (split /\n/, slurp($records)) {
		my ($name, $text) = split / /, $_, 2;
		$r{lc $name} = $text;
	}
	Mail::DKIM::DNS::resolver(Records->new(%r));
}

sub arc_verify {
	my ($records, $message) = @_;
	use_records($records);
	my $d = Mail::DKIM::ARC::Verifier->new;
	$d->PRINT(slurp($message));
	$d->CLOSE;
	return $d->result_detail;
}

sub arc_sign {
	my ($domain, $selector, $key, $id, $message, $out) = @_;
	my $d = Mail::DKIM::ARC::Signer->new(Algorithm => 'rsa-sha256', Chain => 'ar',
		Domain => $domain, SrvId => $id, Selector => $selector, KeyFile => $key);
	$d->PRINT(slurp($message));
	$d->CLOSE;
	my $fields = $d->as_string or die $d->{details};
	open my $f, '>:raw', $out or die "$out: $!";
	print {$f} $fields;
	close $f or die "$out: $!";
	return 'ok';
}

sub verify {
	my ($records, $message) = @_;
	use_records($records);
	my $d = Mail::DKIM::Verifier->new;
	$d->PRINT(slurp($message));
	$d->CLOSE;
	return join ' ', map { $_->result } $d->signatures;
}

sub sign {
	my ($algorithm, $method, $domain, $selector, $key, $message, $out) = @_;
	my %args = (Algorithm => $algorithm, Method => $method, Domain => $domain,
		Selector => $selector);
	if ($algorithm =~ /^ed25519/) {
		require Crypt::PK::Ed25519;
		require Mail::DKIM::PrivateKey;
		my $private = Mail::DKIM::PrivateKey->load(File => $key);
		$args{Key} = $private;
	} else {
		$args{KeyFile} = $key;
	}
	my $d = Mail::DKIM::Signer->new(%args);
	$d->PRINT(slurp($message));
	$d->CLOSE;
	open my $f, '>:raw', $out or die "$out: $!";
	print {$f} $d->signature->as_string, "\r\n";
	close $f or die "$out: $!";
	return 'ok';
}

while (my $line = <STDIN>) {
	chomp $line;
	my ($op, @args) = split / /, $line;
	my %operations = (sign => \&sign, verify => \&verify, 'arc-sign' => \&arc_sign,
		'arc-verify' => \&arc_verify);
	my $answer = eval { $operations{$op}->(@args) };
	$answer = "error: $@" if !defined $answer;
	$answer =~ s/\s+/ /g;
	print "$answer\n";
}
