INSERT INTO users (name, email) VALUES
    ('Ada', 'ada@example.com'),
    ('Barbara', 'barbara@example.com'),
    ('Edsger', 'edsger@example.com'),
    ('Frances', 'frances@example.com');

-- Six posts each.
INSERT INTO posts (user_id, title)
SELECT users.id, CONCAT('Letter ', number.value, ' from ', users.name)
FROM users CROSS JOIN (
    SELECT 1 AS value UNION ALL SELECT 2 UNION ALL SELECT 3
    UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6
) AS number
ORDER BY users.id, number.value;

-- Every other user comments on every post.
INSERT INTO comments (post_id, author_id, body)
SELECT posts.id, users.id, CONCAT(users.name, ' agrees')
FROM posts JOIN users ON users.id <> posts.user_id
ORDER BY posts.id, users.id;

-- What tells a database of the showcase from any other.
CREATE TABLE showcase (filled INTEGER NOT NULL);
