// Programs of pgjdbc against Clipper's schema, row by row and at once.
//
// --list prints each program with the tables whose lookups are an N+1 pattern in it ("-" for none); a name runs it.
// PGPORT, PGUSER and PGDATABASE tell the connection, which is by TCP; CLIPPER_IDS names a directory with ids as a
// request would bring them.

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

public class Jdbc {
    interface Program {
        void run() throws Exception;
    }

    record Entry(String tables, Program program) {
    }

    static final Map<String, Entry> PROGRAMS = new LinkedHashMap<>();
    static final String FEED = "SELECT id, title, view_count FROM clips WHERE is_removed = false ORDER BY vote_score DESC, created_at DESC, id LIMIT 25";
    static final String NEWEST = "SELECT id, user_id, clip_id FROM comments ORDER BY created_at DESC, id LIMIT 40";

    static Connection connect(String options) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE")
            + "?user=" + System.getenv("PGUSER") + options);
    }

    static List<UUID> ids(String name, int count) throws Exception {
        List<String> all = Files.readAllLines(Path.of(System.getenv("CLIPPER_IDS"), name));
        List<UUID> some = new ArrayList<>();
        for (int i = 0; i < count; i++)
            some.add(UUID.fromString(all.get(i * 19 % all.size())));
        return some;
    }

    // The values of a column of a query's result.
    static List<UUID> keys(Connection connection, String query, String column, Object... values) throws SQLException {
        List<UUID> found = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            for (int i = 0; i < values.length; i++)
                statement.setObject(i + 1, values[i]);
            if (statement.execute())
                for (ResultSet rows = statement.getResultSet(); rows.next();)
                    found.add(column == null ? null : rows.getObject(column, UUID.class));
        }
        return found;
    }

    // A query for each key.
    static void loop(Connection connection, List<UUID> keys, String query, Object... first) throws SQLException {
        for (UUID key : keys) {
            Object[] values = java.util.Arrays.copyOf(first, first.length + 1);
            values[first.length] = key;
            keys(connection, query, null, values);
        }
    }

    static void add(String name, String tables, Program program) {
        PROGRAMS.put(name, new Entry(tables, program));
    }

    static final String AUTHOR = "SELECT username FROM users WHERE id = ?";

    static {
        // Row by row.
        add("author_of_each_comment", "users", () -> {
            try (Connection c = connect("")) {
                loop(c, keys(c, NEWEST, "user_id"), AUTHOR);
            }
        });
        add("author_never_prepared", "users", () -> {
            try (Connection c = connect("&prepareThreshold=0")) {
                loop(c, keys(c, NEWEST, "user_id"), AUTHOR);
            }
        });
        add("author_by_simple_protocol", "users", () -> {
            try (Connection c = connect("&preferQueryMode=simple")) {
                loop(c, keys(c, NEWEST, "user_id"), AUTHOR);
            }
        });
        add("author_in_a_transaction", "users", () -> {
            try (Connection c = connect("")) {
                c.setAutoCommit(false);
                loop(c, keys(c, NEWEST, "user_id"), AUTHOR);
                c.commit();
            }
        });
        add("author_on_another_connection", "users", () -> {
            try (Connection c = connect(""); Connection other = connect("")) {
                loop(other, keys(c, NEWEST, "user_id"), AUTHOR);
            }
        });
        add("votes_of_each_clip", "votes", () -> {
            try (Connection c = connect("")) {
                loop(c, keys(c, FEED, "id"), "SELECT count(*) FROM votes WHERE clip_id = ?");
            }
        });
        add("vote_and_favorite_of_each_clip", "favorites,votes", () -> {
            try (Connection c = connect("")) {
                UUID user = ids("users", 1).get(0);
                for (UUID clip : keys(c, FEED, "id")) {
                    loop(c, List.of(clip), "SELECT vote_type FROM votes WHERE user_id = ? AND clip_id = ?", user);
                    loop(c, List.of(clip), "SELECT 1 FROM favorites WHERE user_id = ? AND clip_id = ?", user);
                }
            }
        });
        add("while_rows_are_fetched", "users", () -> {
            try (Connection c = connect(""); Connection other = connect("")) {
                c.setAutoCommit(false);
                try (PreparedStatement statement = c.prepareStatement(NEWEST)) {
                    statement.setFetchSize(10);
                    for (ResultSet rows = statement.executeQuery(); rows.next();)
                        loop(other, List.of(rows.getObject("user_id", UUID.class)), AUTHOR);
                }
            }
        });
        add("update_of_each_clip", "clips", () -> {
            try (Connection c = connect("")) {
                loop(c, keys(c, FEED, "id"), "UPDATE clips SET view_count = view_count + 1 WHERE id = ?");
            }
        });
        // At once.
        add("authors_by_any", "-", () -> {
            try (Connection c = connect("")) {
                for (int i = 0; i < 10; i++)
                    keys(c, "SELECT id FROM users WHERE id = ANY (?)", "id", c.createArrayOf("uuid", keys(c, NEWEST, "user_id").toArray()));
            }
        });
        add("a_batch_of_updates", "-", () -> {
            try (Connection c = connect(""); PreparedStatement statement = c.prepareStatement("UPDATE clips SET view_count = view_count + 1 WHERE id = ?")) {
                for (UUID clip : keys(c, FEED, "id")) {
                    statement.setObject(1, clip);
                    statement.addBatch();
                }
                statement.executeBatch();
            }
        });
        add("requested_clips", "-", () -> {
            try (Connection c = connect("")) {
                loop(c, ids("clips", 40), "SELECT * FROM clips WHERE id = ?");
            }
        });
        add("a_join", "-", () -> {
            try (Connection c = connect("")) {
                for (int i = 0; i < 20; i++)
                    keys(c, "SELECT u.id FROM comments AS m JOIN users AS u ON u.id = m.user_id ORDER BY m.created_at DESC LIMIT 40", "id");
            }
        });
        add("counters_of_a_user", "-", () -> {
            try (Connection c = connect("")) {
                UUID user = ids("users", 2).get(1);
                for (int i = 0; i < 8; i++)
                    for (String table : List.of("votes", "favorites", "comments"))
                        keys(c, "SELECT count(*) FROM " + table + " WHERE user_id = ?", null, user);
            }
        });
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("--list"))
            PROGRAMS.forEach((name, entry) -> System.out.println(name + " " + entry.tables()));
        else
            PROGRAMS.get(arguments[0]).program().run();
    }
}
