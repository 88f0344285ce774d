// Requests of pgx, counted by the program: see run. Prints a line for each way: route, requests, statements.
//
// PGHOST, PGPORT, PGUSER and PGDATABASE tell the connection, POOL=1 that it is one of pgbouncer's in transaction mode.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"sort"

	"github.com/jackc/pgx/v4"
)

const (
	requests = 12
	query    = "SELECT title FROM clips WHERE view_count >= $1 LIMIT 1"
)

var (
	inPool  = os.Getenv("POOL") == "1"
	counted = map[string][2]int{}
	ctx     = context.Background()
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func traceparent() string {
	random := make([]byte, 24)
	_, err := rand.Read(random)
	must(err)
	return fmt.Sprintf("00-%x-%x-01", random[:16], random[16:])
}

func count(route string, statements int) {
	counts := counted[route]
	counted[route] = [2]int{counts[0] + 1, counts[1] + statements}
}

func execute(connection *pgx.Conn, text string, values ...interface{}) {
	_, err := connection.Exec(ctx, text, values...)
	must(err)
}

// A request in a transaction, with a different number of statements each time.
func transaction(connection *pgx.Conn, number int) {
	tx, err := connection.Begin(ctx)
	must(err)
	execute(connection, "SET LOCAL clipperf.route = '/exact/transaction'")
	for value := 0; value < number; value++ {
		execute(connection, query, value)
	}
	must(tx.Commit(ctx))
	count("/exact/transaction", number)
}

// A request whose statements say its trace, in transactions and out of them. pgx would prepare them, and a text that
// was prepared says nothing of later executions.
func comment(connection *pgx.Conn, number int) {
	text := query + " /*route='/exact/comment',traceparent='" + traceparent() + "'*/"
	for value := 0; value < number; value++ {
		execute(connection, text, pgx.QuerySimpleProtocol(true), value)
	}
	tx, err := connection.Begin(ctx)
	must(err)
	execute(connection, text, pgx.QuerySimpleProtocol(true), number)
	must(tx.Commit(ctx))
	count("/exact/comment", number+1)
}

// A request whose trace is a setting, or the name of the application: of the session, in a pool of the transaction.
func setting(connection *pgx.Conn, number int, name, route string) {
	trace := traceparent()
	local := ""
	if inPool {
		local = "LOCAL "
	}
	for part := 0; part < 2; part++ {
		if inPool {
			execute(connection, "BEGIN")
		}
		execute(connection, "SET "+local+"clipperf.route = '"+route+"'")
		execute(connection, "SET "+local+name+" = '"+trace+"'")
		for value := 0; value < number; value++ {
			execute(connection, query, value)
		}
		if inPool {
			execute(connection, "COMMIT")
		}
	}
	if !inPool {
		execute(connection, "RESET "+name)
		execute(connection, "RESET clipperf.route")
	}
	count(route, 2*number)
}

func main() {
	var connections [2]*pgx.Conn
	for i := range connections {
		config, err := pgx.ParseConfig("")
		must(err)
		config.PreferSimpleProtocol = inPool
		connections[i], err = pgx.ConnectConfig(ctx, config)
		must(err)
	}
	for number := 1; number <= requests; number++ {
		connection := connections[number%2]
		transaction(connection, number)
		comment(connection, number)
		setting(connection, number, "clipperf.trace", "/exact/setting")
		setting(connection, number, "application_name", "/exact/name")
	}
	for _, connection := range connections {
		must(connection.Close(ctx))
	}
	routes := []string{}
	for route := range counted {
		routes = append(routes, route)
	}
	sort.Strings(routes)
	for _, route := range routes {
		fmt.Println(route, counted[route][0], counted[route][1])
	}
}
