// Requests of pgjdbc, counted by the program: see run. Prints a line for each way: route, requests, statements.
//
// PGHOST (a host of TCP), PGPORT, PGUSER and PGDATABASE tell the connection, POOL=1 that it is one of pgbouncer's in
// transaction mode.

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.postgresql.PGStatement;

public class JdbcDriver {
    static final boolean POOL = "1".equals(System.getenv("POOL"));
    static final int REQUESTS = 12;
    static final String QUERY = "SELECT title FROM clips WHERE view_count >= ? LIMIT 1";
    static final Map<String, int[]> COUNTED = new TreeMap<>();

    static String traceparent() {
        String random = UUID.randomUUID().toString().replace("-", "");
        return "00-" + random + "-" + random.substring(0, 16) + "-01";
    }

    static void count(String route, int statements) {
        int[] counts = COUNTED.computeIfAbsent(route, name -> new int[2]);
        counts[0]++;
        counts[1] += statements;
    }

    static void execute(Connection connection, String text) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(text);
        }
    }

    // The same prepared statement again and again: pgjdbc prepares it on the server at the fifth time, if it may.
    static void loop(Connection connection, String query, int first, int end, boolean prepare) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            if (!prepare)
                statement.unwrap(PGStatement.class).setPrepareThreshold(0);
            for (int value = first; value < end; value++) {
                statement.setInt(1, value);
                statement.executeQuery().close();
            }
        }
    }

    static void transaction(Connection connection, int number) throws SQLException {
        connection.setAutoCommit(false);
        execute(connection, "SET LOCAL clipperf.route = '/exact/transaction'");
        loop(connection, QUERY, 0, number, true);
        connection.commit();
        connection.setAutoCommit(true);
        count("/exact/transaction", number);
    }

    // What was prepared says nothing of later executions.
    static void comment(Connection connection, int number) throws SQLException {
        String text = QUERY + " /*route='/exact/comment',traceparent='" + traceparent() + "'*/";
        for (int value = 0; value < number; value++)
            loop(connection, text, value, value + 1, false);
        connection.setAutoCommit(false);
        loop(connection, text, number, number + 1, false);
        connection.commit();
        connection.setAutoCommit(true);
        count("/exact/comment", number + 1);
    }

    static void setting(Connection connection, int number, String name, String route) throws SQLException {
        String local = POOL ? "LOCAL " : "";
        String trace = traceparent();
        for (int part = 0; part < 2; part++) {
            connection.setAutoCommit(!POOL);
            execute(connection, "SET " + local + "clipperf.route = '" + route + "'");
            execute(connection, "SET " + local + name + " = '" + trace + "'");
            loop(connection, QUERY, 0, number, true);
            if (POOL)
                connection.commit();
            connection.setAutoCommit(true);
        }
        if (!POOL) {
            execute(connection, "RESET " + name);
            execute(connection, "RESET clipperf.route");
        }
        count(route, 2 * number);
    }

    public static void main(String[] arguments) throws SQLException {
        String url = "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE")
            + "?user=" + System.getenv("PGUSER") + (POOL ? "&prepareThreshold=0" : "");
        try (Connection first = DriverManager.getConnection(url); Connection second = DriverManager.getConnection(url)) {
            for (int number = 1; number <= REQUESTS; number++) {
                Connection connection = number % 2 == 0 ? first : second;
                transaction(connection, number);
                comment(connection, number);
                setting(connection, number, "clipperf.trace", "/exact/setting");
                setting(connection, number, "application_name", "/exact/name");
            }
        }
        COUNTED.forEach((route, counts) -> System.out.println(route + " " + counts[0] + " " + counts[1]));
    }
}
