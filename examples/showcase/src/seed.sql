INSERT INTO users (name, email) VALUES
    ('Ada', 'ada@example.com'),
    ('Barbara', 'barbara@example.com'),
    ('Edsger', 'edsger@example.com'),
    ('Frances', 'frances@example.com');

-- Six posts each.
INSERT INTO posts (user_id, title)
SELECT users.id, 'Letter ' || number.value || ' from ' || users.name
FROM users, json_each('[1, 2, 3, 4, 5, 6]') AS number;

-- Every other user comments on every post.
INSERT INTO comments (post_id, author_id, body)
SELECT posts.id, users.id, users.name || ' agrees'
FROM posts JOIN users ON users.id <> posts.user_id;
