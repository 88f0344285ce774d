-- What sqlsmith writes statements about: the parts of a round's schema that are alike in every round.
CREATE TABLE users (n int PRIMARY KEY, id int, v text, t text);
CREATE TABLE posts_t (n int PRIMARY KEY, id int, user_id int, v text, t text);
CREATE TABLE audit (n int, what text);
INSERT INTO users SELECT i, i, 'v', 't' FROM generate_series(1, 10) AS i;
INSERT INTO posts_t SELECT i, i, i, 'v', 't' FROM generate_series(1, 10) AS i;
