# Keys that are texts in a column which nothing tells to be one: country codes, currencies, addresses. And texts beside a list
# that are looked up for other reasons.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('texts');
my $finding;

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE country (code text PRIMARY KEY, capital text);
INSERT INTO country SELECT chr(65 + i / 26) || chr(65 + i % 26), 'capital ' || i FROM generate_series(0, 149) AS i;
CREATE TABLE currency (code char(3) PRIMARY KEY, name text);
INSERT INTO currency VALUES ('EUR', 'Euro'), ('USD', 'Dollar'), ('GBP', 'Pound'), ('CHF', 'Franc'), ('JPY', 'Yen');
CREATE TABLE page (url text PRIMARY KEY, hits int);
INSERT INTO page SELECT 'https://example.org/articles/' || md5(i::text), i FROM generate_series(1, 500) AS i;
CREATE TABLE customer (id serial PRIMARY KEY, company text, contact text, title text, address text, city varchar(40), region text, phone text, fax text,
  country char(2), currency text);
INSERT INTO customer (company, contact, title, address, city, region, phone, fax, country, currency)
  SELECT md5(i::text), md5(i || 'a'), 'Title ' || i % 9, md5(i || 'b'), 'City ' || i * 37 % 90, 'Region ' || i % 20, md5(i || 'c'), md5(i || 'd'),
    chr(65 + i * 37 % 150 / 26) || chr(65 + i * 37 % 150 % 26), (ARRAY['EUR', 'USD', 'GBP'])[1 + i * 7919 % 1009 % 3]
  FROM generate_series(1, 2000) AS i;
CREATE TABLE visit (id serial PRIMARY KEY, url text);
INSERT INTO visit (url) SELECT 'https://example.org/articles/' || md5((1 + i * 37 % 500)::text) FROM generate_series(1, 1000) AS i;
CREATE TABLE sale (id int, at date, shop text, note text, buyer text, seller text, phone text, city text, land text) PARTITION BY RANGE (at);
CREATE TABLE sale_1 PARTITION OF sale FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
CREATE TABLE sale_2 PARTITION OF sale FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
INSERT INTO sale SELECT i, '2026-01-01'::date + i % 360, md5(i::text), md5(i || 'a'), md5(i || 'b'), md5(i || 'c'), md5(i || 'd'), md5(i || 'e'),
    chr(65 + i * 37 % 150 / 26) || chr(65 + i * 37 % 150 % 26) FROM generate_series(1, 2000) AS i;
CREATE VIEW client AS SELECT id, company AS name, country AS land FROM customer;
CREATE TABLE area (name text PRIMARY KEY, label text);
INSERT INTO area SELECT 'area ' || chr(97 + i), 'label' FROM generate_series(0, 11) AS i;
CREATE TABLE ticket (id serial PRIMARY KEY, title text, state text, area text);
INSERT INTO ticket (title, state, area) SELECT md5(i::text), (ARRAY['open', 'waiting', 'done', 'closed'])[1 + i * 7919 % 1009 % 4], 'area ' || chr(97 + i * 37 % 12)
  FROM generate_series(1, 1000) AS i;
ANALYZE;
SQL

# A loop over the rows of a parent, by a parameter of type text.
sub over
{
	my ($parent, $child, $column, @options) = @_;
	return loop('--parent' => $parent, '--child' => $child, '--bind' => "1=col:$column", '--type' => '1=text', @options);
}

my $capital = 'SELECT capital FROM country WHERE code = $1';
my $customers = 'SELECT company, country FROM customer ORDER BY company LIMIT 40';
foreach my $protocol (qw(prepared simple))
{
	foreach my $options ([], ['--transaction'], ['--connections' => 4])
	{
		my $name = "the countries of customers, $protocol @$options";
		$finding = proven($node, $name, over($customers, $capital, 'country', '--protocol' => $protocol, @$options));
		has($finding, $name, loops => 1, children => [ 32, 40 ], parent_column => 'customer.country', relation => 'country',
			suggestion => qr/ANY \(\$1::text\[\]\)/);
	}
}

# Of more texts than are recorded of a result, those that repeat are.
my %parents = (
	'all columns' => 'SELECT * FROM customer ORDER BY company LIMIT 40',
	'a view' => 'SELECT * FROM client ORDER BY name LIMIT 40',
	'a partitioned table' => 'SELECT * FROM sale ORDER BY shop LIMIT 40',
	'a sub-query' => 'SELECT * FROM (SELECT company, country FROM customer ORDER BY company LIMIT 40) AS c',
	'UNION ALL' => 'SELECT company, country FROM customer WHERE id <= 500 UNION ALL SELECT company, country FROM customer WHERE id > 500 ORDER BY company LIMIT 40');
foreach my $name (sort keys %parents)
{
	my $column = $name =~ /view|partitioned/ ? 'land' : 'country';

	$finding = proven($node, $name, over($parents{$name}, $capital, $column));
	has($finding, $name, loops => 1, children => 40, parent_column => $name =~ /partitioned/ ? 'sale.land' : 'customer.country');
}
$finding = proven($node, 'a child that counts', over($customers, 'SELECT count(*) FROM customer WHERE country = $1', 'country'));
has($finding, 'a child that counts', children => 40, parent_column => 'customer.country');

# Few of them, for each of many rows; and texts that begin alike.
$finding = proven($node, 'three currencies', over('SELECT company, currency FROM customer ORDER BY company LIMIT 40',
	'SELECT name FROM currency WHERE code = $1', 'currency'));
has($finding, 'three currencies', loops => 1, children => [ 36, 40 ], parent_column => 'customer.currency');
$finding = proven($node, 'addresses', over('SELECT id, url FROM visit ORDER BY md5(id::text) LIMIT 30', 'SELECT hits FROM page WHERE url = $1', 'url'));
has($finding, 'addresses', loops => 1, children => [ 28, 30 ], parent_column => 'visit.url');
$finding = proven($node, 'addresses in their order', over('SELECT id, url FROM visit WHERE id <= 60 ORDER BY url', 'SELECT hits FROM page WHERE url = $1', 'url'));
has($finding, 'addresses in their order', loops => 1, children => [ 58, 60 ], parent_column => 'visit.url');

# In no order, where the list holds few of all texts.
$finding = proven($node, 'countries in no order', over('SELECT company, country FROM customer ORDER BY company LIMIT 20', $capital, 'country', '--order' => 'random'));
has($finding, 'countries in no order', loops => 1, children => [ 18, 20 ], parent_column => 'customer.country');

# Groups of one table, looked up in another.
$finding = proven($node, 'groups', over('SELECT country, count(*) FROM customer GROUP BY country ORDER BY count(*), md5(country) LIMIT 25', $capital, 'country'));
has($finding, 'groups', loops => 1, children => 25, parent_column => 'customer.country');
$finding = proven($node, 'distinct', over('SELECT DISTINCT country FROM customer', $capital, 'country'));
has($finding, 'distinct', loops => 1, children => [ 140, 150 ], parent_column => 'customer.country');

# A statement whose texts are looked up now and then is recorded for as long as that goes on; others are given up.  It takes a while,
# so that all of its results are recorded.
my $list = 'SELECT company, country FROM customer ORDER BY md5(md5(company)) LIMIT 40';
my $page = join ";\n", $list, map { "SELECT capital FROM country WHERE code = '$_'" }
  split /\n/, $node->safe_psql('postgres', "SELECT country FROM ($list) AS c");
$finding = proven($node, 'a list that is always looped over', statements("$page;\n" x 20));
has($finding, 'a list that is always looped over', loops => 20, children => 800);
# What was recorded until then is there until other results need the place.
silent($node, 'a list whose texts nobody looked up', statements("$list;\n" x 100 . "SELECT id FROM ticket LIMIT 2;\n" x 200 . $page));

# Texts that are looked up for other reasons.
my $tickets = 'SELECT id, title, state FROM ticket ORDER BY id DESC LIMIT 50';
my @states = qw(open waiting done closed);
my $counts = join '', map { "SELECT count(*) FROM ticket WHERE state = '$_';\n" } @states;
silent($node, 'counts of four states beside a list', statements("$tickets;\n$counts" x 100));
silent($node, 'counts of four states beside a list in their order', statements("SELECT id, state FROM ticket ORDER BY state, id LIMIT 900;\n$counts" x 100));
silent($node, 'a list of one state, read again', statements("SELECT id, title, state FROM ticket WHERE state = 'open' ORDER BY id LIMIT 30;\n" x 40));
silent($node, 'three areas of twelve', statements("SELECT id, area FROM ticket ORDER BY area, id LIMIT 500;\n"
	  . join('', map { "SELECT count(*) FROM ticket WHERE area = 'area $_';\n" } qw(a b c)) x 10));
# All of them, beside lists that hold them in another order.
my $areas = join '', map { "SELECT count(*) FROM ticket WHERE area = 'area $_';\n" } 'a' .. 'l';
my @lists = map { "SELECT id, title, area FROM ticket ORDER BY md5(title || $_) LIMIT 60;\n" } 1 .. 60;
silent($node, 'counts of all areas beside a list', statements(join '', map { "$_$areas" } @lists));
silent($node, 'counts of all areas beside a list, in transactions', statements(join '', map { "BEGIN;\n$_${areas}COMMIT;\n" } @lists));
my $labels = join '', map { "SELECT label FROM area WHERE name = 'area $_';\n" } 'a' .. 'l';
silent($node, 'all areas beside a list', statements(join '', map { "$_$labels" } @lists));
$finding = suspected($node, 'all areas beside a list, in transactions', statements(join '', map { "BEGIN;\n$_${labels}COMMIT;\n" } @lists));
has($finding, 'all areas beside a list, in transactions', children => 60 * 12);
silent($node, 'a user who opens some areas', over('SELECT id, area FROM ticket ORDER BY id LIMIT 50', 'SELECT count(*) FROM ticket WHERE area = $1',
	'area', '--order' => 'pick:6'));
silent($node, 'addresses at random beside a list of some', over('SELECT id, url FROM visit ORDER BY md5(id::text) LIMIT 100', 'SELECT hits FROM page WHERE url = $1',
	'url', '--order' => 'pick:12'));

$node->stop;
done_testing();
