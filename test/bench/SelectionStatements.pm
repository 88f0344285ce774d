# Statements that are made rather than written down, for selection.pl: a hundred over the star schema, whose kinds are those
# of benchmarks for decision support, and a thousand over an application of 300 tables.
package SelectionStatements;

use strict;
use warnings;

# What differs between the channels, by name.
my @channels = (
	{ c => 'shop', o => 'online', p => 'shop_id', t => 'shops', n => 'name' },
	{ c => 'mail', o => 'shop', p => 'center_id', t => 'centers', n => 'name' },
	{ c => 'online', o => 'mail', p => 'site_id', t => 'sites', n => 'name' });

# Kinds of statements; {c} is a channel, {o} another one, {p} and {t} its places, {1} to {4} numbers that vary.
my @kinds = (
	# brands of a month
	q{SELECT d.year, g.brand_id, g.brand, sum(s.total) FROM days d, {c}_sales s, goods g
		WHERE d.id = s.day_id AND s.good_id = g.id AND g.manager_id = {1} AND d.month_of_year = {m} AND d.year = {y}
		GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 100},
	# who returns more than usual
	q{WITH r AS (SELECT buyer_id, {p} AS place, sum(amount) AS total FROM {c}_returns, days d WHERE day_id = d.id AND year = {y}
		GROUP BY 1, 2) SELECT b.code FROM r, {t} p, buyers b
		WHERE r.total > (SELECT avg(total) * 1.2 FROM r AS r2 WHERE r.place = r2.place) AND p.id = r.place AND r.buyer_id = b.id
		ORDER BY 1 LIMIT 100},
	# what kind of people buy on a promotion
	q{SELECT g.code, avg(s.quantity), avg(s.list_price), avg(s.price) FROM {c}_sales s, people k, days d, goods g, offers f
		WHERE s.day_id = d.id AND s.good_id = g.id AND s.people_id = k.id AND s.offer_id = f.id AND k.sex = 'F'
		AND k.marital = 'W' AND k.education = 'college' AND (f.by_email = 'N' OR f.by_mail = 'N') AND d.year = {y}
		GROUP BY 1 ORDER BY 1 LIMIT 100},
	# sold, returned, and bought again elsewhere
	q{SELECT g.code, g.name, count(s.quantity), avg(r.quantity), stddev_samp(o.quantity)
		FROM {c}_sales s, {c}_returns r, {o}_sales o, days d1, days d2, days d3, goods g
		WHERE d1.quarter = '{y}Q1' AND d1.id = s.day_id AND g.id = s.good_id AND s.buyer_id = r.buyer_id AND s.good_id = r.good_id
		AND s.order_id = r.order_id AND r.day_id = d2.id AND d2.year = {y} AND r.buyer_id = o.buyer_id AND r.good_id = o.good_id
		AND o.day_id = d3.id AND d3.year = {y} GROUP BY 1, 2 ORDER BY 1 LIMIT 100},
	# rank within categories
	q{SELECT * FROM (SELECT category, class, brand, total, rank() OVER (PARTITION BY category ORDER BY total DESC) AS place
		FROM (SELECT g.category, g.class, g.brand, sum(s.price * s.quantity) AS total FROM {c}_sales s, days d, goods g
		WHERE s.day_id = d.id AND s.good_id = g.id AND d.month BETWEEN 12 * {y} + 1 AND 12 * {y} + {m} GROUP BY ROLLUP (1, 2, 3)) x) y
		WHERE place <= 10 ORDER BY 1, 4 LIMIT 100},
	# people who bought here and not there
	q{SELECT k.sex, k.marital, k.education, count(*) FROM buyers b, addresses a, people k
		WHERE b.address_id = a.id AND a.state IN ('AB', 'C{l}', 'DE') AND k.id = b.people_id
		AND EXISTS (SELECT FROM {c}_sales s, days d WHERE b.id = s.buyer_id AND s.day_id = d.id AND d.year = {y} AND d.month_of_year < {m})
		AND NOT EXISTS (SELECT FROM {o}_sales s, days d WHERE b.id = s.buyer_id AND s.day_id = d.id AND d.year = {y} AND d.month_of_year < {m})
		GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT 100},
	# excess discounts
	q{SELECT sum(s.discount) FROM {c}_sales s, goods g, days d WHERE g.maker_id = {2} AND g.id = s.good_id AND d.id = s.day_id
		AND d.day BETWEEN '{y}-0{q}-01' AND '{y}-0{q}-28' AND s.discount > (SELECT 1.3 * avg(discount) FROM {c}_sales z, days e
		WHERE z.good_id = g.id AND e.day BETWEEN '{y}-0{q}-01' AND '{y}-0{q}-28' AND e.id = z.day_id)},
	# a year against the year before
	q{WITH t AS (SELECT b.id, b.code, d.year, sum(s.list_price - s.discount) AS total FROM buyers b, {c}_sales s, days d
		WHERE b.id = s.buyer_id AND s.day_id = d.id AND d.year IN ({y}, {y} + 1) GROUP BY 1, 2, 3
		UNION ALL SELECT b.id, b.code, d.year, sum(s.list_price - s.discount) FROM buyers b, {o}_sales s, days d
		WHERE b.id = s.buyer_id AND s.day_id = d.id AND d.year IN ({y}, {y} + 1) GROUP BY 1, 2, 3)
		SELECT t1.code FROM t AS t1, t AS t2 WHERE t1.id = t2.id AND t1.year = {y} AND t2.year = {y} + 1 AND t1.total > 0
		AND t2.total / t1.total > 1.5 ORDER BY 1 LIMIT 100},
	# goods of a price range that were in stock
	q{SELECT g.code, g.name, g.price FROM goods g, stock k, days d, {c}_sales s WHERE g.price BETWEEN {1} AND {1} + 3
		AND k.good_id = g.id AND d.id = k.day_id AND d.day BETWEEN '{y}-0{q}-01' AND '{y}-0{q}-28' AND g.maker_id IN ({2}, {3}, {4}, 7)
		AND k.quantity BETWEEN 100 AND 500 AND s.good_id = g.id GROUP BY 1, 2, 3 ORDER BY 1 LIMIT 100},
	# delays of deliveries
	q{SELECT p.{n}, c.kind, w.name, sum(CASE WHEN s.ship_day_id - s.day_id <= 30 THEN 1 ELSE 0 END) AS month,
		sum(CASE WHEN s.ship_day_id - s.day_id > 90 THEN 1 ELSE 0 END) AS late FROM {c}_sales s, depots w, carriers c, {t} p, days d
		WHERE d.month = 12 * {y} + {m} AND s.ship_day_id = d.id AND s.depot_id = w.id AND s.carrier_id = c.id AND s.{p} = p.id
		GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT 100},
	# hours of the day
	q{SELECT * FROM (SELECT count(*) AS n8 FROM {c}_sales s, households h, times t WHERE s.time_id = t.id AND s.household_id = h.id
		AND t.hour = 8 AND t.minute >= 30 AND h.dependents = {q}) a, (SELECT count(*) AS n9 FROM {c}_sales s, households h, times t
		WHERE s.time_id = t.id AND s.household_id = h.id AND t.hour = 9 AND t.minute < 30 AND h.dependents = {q}) b},
	# whole orders from several depots that nobody returned
	q{SELECT count(DISTINCT s.order_id), sum(s.tax), sum(s.profit) FROM {c}_sales s, days d, addresses a
		WHERE d.day BETWEEN '{y}-0{q}-01' AND '{y}-0{q}-28' AND s.ship_day_id = d.id AND s.address_id = a.id AND a.state = 'B{l}'
		AND EXISTS (SELECT FROM {c}_sales z WHERE s.order_id = z.order_id AND s.depot_id <> z.depot_id)
		AND NOT EXISTS (SELECT FROM {c}_returns r WHERE s.order_id = r.order_id)},
	# who bought together with somebody else's kind of address
	q{SELECT b.last_name, b.first_name, a.city, x.order_id, x.total FROM (SELECT s.order_id, s.buyer_id, a.city, sum(s.total) AS total
		FROM {c}_sales s, days d, households h, addresses a WHERE s.day_id = d.id AND s.household_id = h.id AND s.address_id = a.id
		AND (h.dependents = {q} OR h.cars = 3) AND d.day_of_week IN (0, 6) AND d.year = {y} AND a.city IN ('city {1}', 'city {2}')
		GROUP BY 1, 2, 3) x, buyers b, addresses a WHERE x.buyer_id = b.id AND b.address_id = a.id AND a.city <> x.city
		ORDER BY 1, 2, 3, 4 LIMIT 100},
	# moving sums
	q{SELECT good_id, day, sum(total) OVER (PARTITION BY good_id ORDER BY day ROWS UNBOUNDED PRECEDING) FROM (SELECT s.good_id, d.day,
		sum(s.price) AS total FROM {c}_sales s, days d WHERE s.day_id = d.id AND d.month BETWEEN 12 * {y} AND 12 * {y} + 2
		AND s.good_id BETWEEN {1} * 50 AND {1} * 50 + 200 GROUP BY 1, 2) x ORDER BY 1, 2 LIMIT 100},
	# in all of several channels
	q{SELECT count(*) FROM (SELECT b.last_name, b.first_name, d.day FROM {c}_sales s, days d, buyers b WHERE s.day_id = d.id
		AND s.buyer_id = b.id AND d.month BETWEEN 12 * {y} + {q} AND 12 * {y} + {q} + 3 INTERSECT SELECT b.last_name, b.first_name, d.day
		FROM {o}_sales s, days d, buyers b WHERE s.day_id = d.id AND s.buyer_id = b.id
		AND d.month BETWEEN 12 * {y} + {q} AND 12 * {y} + {q} + 3) x},
	# returns by reason
	q{SELECT e.description, avg(s.quantity), avg(r.fee), avg(r.amount) FROM {c}_sales s, {c}_returns r, people k, addresses a, days d, reasons e
		WHERE s.good_id = r.good_id AND s.order_id = r.order_id AND s.day_id = d.id AND d.year = {y} AND k.id = r.people_id
		AND a.id = r.address_id AND e.id = r.reason_id AND k.marital = 'M' AND k.education = 'advanced degree' AND s.price BETWEEN 20 AND 90
		AND a.country = 'here' AND s.profit BETWEEN {1} AND 400 GROUP BY 1 ORDER BY 1 LIMIT 100},
	# one buyer's days
	q{SELECT d.day, s.order_id, g.name, s.price FROM {c}_sales s JOIN days d ON d.id = s.day_id JOIN goods g ON g.id = s.good_id
		WHERE s.buyer_id = {1} * 31 AND d.day > '{y}-0{q}-15' ORDER BY d.day DESC LIMIT 50});

# Statements of which one is enough: over all channels.
my @across = (
	q{WITH a AS (SELECT g.code, sum(s.price) AS total FROM shop_sales s, goods g, days d, addresses a WHERE g.id = s.good_id AND s.day_id = d.id
		AND s.address_id = a.id AND a.gmt_offset = -6 AND d.year = {y} AND d.month_of_year = {m} AND g.color IN ('color {1}', 'color {3}') GROUP BY 1),
		b AS (SELECT g.code, sum(s.price) AS total FROM mail_sales s, goods g, days d, addresses a WHERE g.id = s.good_id AND s.day_id = d.id
		AND s.address_id = a.id AND a.gmt_offset = -6 AND d.year = {y} AND d.month_of_year = {m} AND g.color IN ('color {1}', 'color {3}') GROUP BY 1)
		SELECT code, sum(total) FROM (SELECT * FROM a UNION ALL SELECT * FROM b) x GROUP BY 1 ORDER BY 2, 1 LIMIT 100},
	q{WITH w AS (SELECT d.week, sum(CASE WHEN d.day_of_week = 0 THEN x.price END) AS sunday, sum(CASE WHEN d.day_of_week = 5 THEN x.price END) AS friday
		FROM (SELECT day_id, price FROM online_sales UNION ALL SELECT day_id, price FROM mail_sales) x, days d WHERE d.id = x.day_id GROUP BY 1)
		SELECT a.week, a.sunday / b.sunday, a.friday / b.friday FROM w a, w b WHERE a.week = b.week - 52
		AND a.week IN (SELECT week FROM days WHERE year = {y}) AND b.week IN (SELECT week FROM days WHERE year = {y} + 1) ORDER BY 1},
	q{SELECT w.state, g.code, sum(CASE WHEN d.day < '{y}-0{q}-15' THEN k.quantity ELSE 0 END) AS before FROM stock k, depots w, goods g, days d
		WHERE g.price BETWEEN 1 AND 1.5 AND g.id = k.good_id AND k.depot_id = w.id AND k.day_id = d.id
		AND d.day BETWEEN '{y}-0{q}-01' AND '{y}-0{q}-28' GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 100},
	q{SELECT b.first_name, b.last_name FROM buyers b, households h, incomes i, addresses a, shop_returns r WHERE a.city = 'city {4}'
		AND b.address_id = a.id AND i.low >= {1} * 500 AND i.high <= {1} * 500 + 50000 AND h.income_id = i.id AND b.household_id = h.id
		AND r.people_id = b.people_id ORDER BY 1 LIMIT 100});

# One statement of a kind; "n" makes the numbers in it.
sub fill
{
	my ($kind, $channel, $n) = @_;
	my %values = (%$channel, y => 1998 + $n % 6, m => 1 + $n * 5 % 12, q => 1 + $n * 3 % 9, l => chr(65 + $n % 8),
		1 => 3 + $n * 17 % 90, 2 => 10 + $n * 37 % 280, 3 => 5 + $n * 29 % 80, 4 => 1 + $n * 7 % 20);
	$values{y} = 2002 - ($values{y} - 1998) if $values{y} > 2002;
	return $kind =~ s/\{(\w)\}/$values{$1}/gr =~ s/\s+/ /gr;
}

# A hundred statements over the star schema.
sub star
{
	my @statements;
	foreach my $round (0 .. 1)
	{
		foreach my $kind (0 .. $#kinds)
		{
			push @statements, map { fill($kinds[$kind], $channels[$_], 7 * $kind + 3 * $_ + 11 * $round) } 0 .. 2 - $round * ($kind % 2);
		}
		push @statements, map { fill($across[$_], $channels[0], 5 * $_ + 13 * $round) } 0 .. $#across;
	}
	return @statements[ 0 .. 99 ];
}

# A thousand statements over the application of 300 tables, of six kinds.
sub many
{
	my @kinds = (
		'SELECT * FROM t{t} WHERE parent_id = {a}',
		"SELECT id, amount FROM t{t} WHERE owner_id = {a} AND state = 'open' ORDER BY made DESC LIMIT 20",
		"SELECT kind, sum(amount) FROM t{t} WHERE made BETWEEN '2021-03-01' AND '2021-03-{d}' GROUP BY kind",
		"SELECT a.code, b.code FROM t{t} a JOIN t{u} b ON b.id = a.parent_id WHERE a.kind = {k} AND b.state = 'lost'",
		'SELECT count(*) FROM t{u} a JOIN t{t} b ON b.parent_id = a.id JOIN t{v} c ON c.id = a.parent_id WHERE c.owner_id = {a} AND b.kind < {k}',
		"SELECT * FROM t{t} WHERE code = md5('{a}') OR (kind = {k} AND amount > 990)");
	my @statements;
	foreach my $n (0 .. 999)
	{
		my $table = $n * 7 % 300;
		my ($second, $third) = map { $table >= $_ ? $table - $_ : $table + 300 - $_ } 1, 2;
		my %values = (t => $table, u => $second, v => $third, a => 1 + $n % 97, k => 1 + $n % 30, d => 10 + $n % 20);
		push @statements, $kinds[ ($n + int($n / 300)) % @kinds ] =~ s/\{(\w)\}/$values{$1}/gr;
	}
	return @statements;
}

1;
